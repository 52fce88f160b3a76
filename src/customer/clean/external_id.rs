//! The advertiser's own ids of customers, cleaned by the policy in the options.

use super::characters::Class;
use super::folding::{compose, fold};
use super::quick_look::{Letters, Quick, dropping, pick};
use crate::customer::sha256::Block;
use crate::customer::{ExternalIdPolicy, UnusableReason};

const ALL_BUT_SPACES: Letters = dropping(b" ");

#[inline(never)]
pub(super) fn quick(text: &[u8], policy: ExternalIdPolicy, form: &mut Block) -> Option<Quick> {
    if policy != ExternalIdPolicy::Normalized {
        return None;
    }
    let length = pick(text, &ALL_BUT_SPACES, form)?;
    Quick::unless_placeholder(text, form, length)
}

pub(super) fn clean(text: &str, policy: ExternalIdPolicy, out: &mut String) -> Result<(), UnusableReason> {
    match policy {
        ExternalIdPolicy::Normalized => {
            fold(text, |class| !matches!(class, Class::Blank | Class::Invisible), out);
        }
        ExternalIdPolicy::Exact | ExternalIdPolicy::Plain => compose(text, out),
    }
    if out.is_empty() {
        Err(UnusableReason::Empty)
    } else if out.chars().any(char::is_control) {
        Err(UnusableReason::ControlCharacter)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn external_ids_by_every_policy() {
        let id = |policy, text| {
            let mut out = String::new();
            clean(text, policy, &mut out).map(|()| out)
        };
        for (policy, text, sent) in [
            (ExternalIdPolicy::Normalized, "Ab 1-2", "ab1-2"),
            (ExternalIdPolicy::Exact, "Ab 1-2", "Ab 1-2"),
            (ExternalIdPolicy::Plain, "Ab 1-2", "Ab 1-2"),
            (ExternalIdPolicy::Exact, "E\u{301}\u{200b}", "É"),
        ] {
            assert_eq!(id(policy, text).as_deref(), Ok(sent), "{policy:?}");
        }
        assert_eq!(id(ExternalIdPolicy::Plain, "a\u{0}b"), Err(UnusableReason::ControlCharacter));
    }
}
