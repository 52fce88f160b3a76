//! Gender: Meta accepts `f` and `m` only, so only words that clearly mean one of them are read.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::quality::RandomState;
use unicode_normalization::UnicodeNormalization as _;

use super::folding::fold;
use super::quick_look::{Quick, replace};
use crate::customer::sha256::Block;
use crate::customer::{GenderWords, UnusableReason};
use crate::value::{is_accent, is_apostrophe, plain_letter};

#[inline(never)]
pub(super) fn quick(text: &[u8], stated: Option<GenderWords>, form: &mut Block) -> Option<Quick> {
    let is = |word: &[u8]| text.eq_ignore_ascii_case(word);
    let letter = match text[0] | 0x20 {
        _ if stated.is_some() => return None,
        b'f' if is(b"f") || is(b"female") => b'f',
        b'm' if is(b"m") || is(b"male") => b'm',
        _ => return None,
    };
    Some(Quick::of(replace([letter], form)))
}

/// The advertiser's own words come first: `M` may be `mujer`.
pub(super) fn clean(text: &str, stated: Option<GenderWords>, out: &mut String) -> Result<(), UnusableReason> {
    let word = folded(text);
    let letter = match stated.and_then(|words| letter_of(words, &word)) {
        Some(letter) => letter,
        None => match meaning(&word) {
            Some(Meaning::One(letter)) => letter,
            Some(Meaning::Either) => return Err(UnusableReason::AmbiguousWord),
            None => return Err(UnusableReason::UnknownWord),
        },
    };
    out.clear();
    out.push(letter);
    Ok(())
}

fn letter_of(stated: GenderWords, word: &str) -> Option<char> {
    let is = |stated: &str| folded(stated) == word;
    if is(stated.female()) {
        Some('f')
    } else if is(stated.male()) {
        Some('m')
    } else {
        None
    }
}

/// A word in lower case and composed form, with one kind of apostrophe.
fn folded(text: &str) -> String {
    let mut word = String::new();
    fold(text, |_| true, &mut word);
    if word.is_ascii() {
        return word;
    }
    word.chars().map(|character| if is_apostrophe(character) { '\'' } else { character }).collect()
}

/// The word without its accents.
fn without_accents(word: &str) -> String {
    let mut plain = String::new();
    for letter in word.nfd().filter(|&character| !is_accent(character)).nfc() {
        match plain_letter(letter) {
            Some(instead) => plain.push_str(instead),
            None => plain.push(letter),
        }
    }
    plain
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    One(char),
    Either,
}

fn meaning(word: &str) -> Option<Meaning> {
    let word = word.strip_suffix('.').filter(|short| ABBREVIATED.contains(short)).unwrap_or(word);
    WORDS.get(word).or_else(|| WORDS.get(&without_accents(word))).copied()
}

/// Every word with its accents, and without where that is not another word.
static WORDS: LazyLock<HashMap<String, Meaning, RandomState>> = LazyLock::new(|| {
    let lists = [
        (Meaning::One('f'), FEMALE, ONLY_WITH_ACCENTS_FEMALE),
        (Meaning::One('m'), MALE, ONLY_WITH_ACCENTS_MALE),
        (Meaning::Either, EITHER, &[]),
    ];
    let mut words = HashMap::default();
    for (meaning, list, only_with_accents) in lists {
        for word in list {
            let word = folded(word);
            words.insert(without_accents(&word), meaning);
            words.insert(word, meaning);
        }
        for word in only_with_accents {
            words.insert(folded(word), meaning);
        }
    }
    words
});

/// Words that mean a woman in one language and a man, or anybody, in another: `Fr.` is Frau and Father, `kişi` a
/// man in Azerbaijani and a person in Turkish, `先生` a man in Chinese and a teacher in Japanese.
#[rustfmt::skip]
const EITHER: &[&str] = &[
    "fr", "kişi", "先生", "م",
    // Letters: domn and donna, homme and hembra, karl and kvinna, nam and nő, pria and perempuan, varón and vrouw ...
    "b", "d", "e", "g", "h", "k", "l", "n", "p", "s", "v",
];

/// Abbreviations that may end with a dot.
#[rustfmt::skip]
const ABBREVIATED: &[&str] = &[
    "f", "m", "mr", "mrs", "ms", "fr", "hr", "frl", "frk", "mme", "mlle", "sr", "sra", "srta", "sig", "sig.ra", "sig.na",
    "fem", "masc", "dhr", "mevr", "mw", "mvr", "mnr", "mev", "mej", "dna", "dl", "d-na", "d-l", "м", "ж", "муж", "жен",
    "г-н", "г-жа", "ч", "znj", "gđa", "гђа", "κος", "κα", "α", "θ", "น.ส",
];

/// Words that are others without their accents.
const ONLY_WITH_ACCENTS_FEMALE: &[&str] = &["nő", "nữ", "bà", "chị", "cô"];
const ONLY_WITH_ACCENTS_MALE: &[&str] = &["úr", "ông"];

/// Words, honorifics and their abbreviations for a woman or girl.
#[rustfmt::skip]
const FEMALE: &[&str] = &[
    // English, as in Meta's own list.
    "woman", "girl", "lady", "lass", "gal", "chick", "belle", "maiden", "she", "her", "hers", "herself",
    "female", "f", "miss", "mrs", "ms", "madam", "ma'am", "dame", "mother", "mom", "mommy", "mama",
    "daughter", "sister", "aunt", "niece", "wife", "widow", "bride", "girlfriend", "queen", "empress",
    "princess", "duchess", "countess", "goddess",
    // Germanic languages.
    "weiblich", "Frau", "Mädchen", "Fräulein", "Frl", "vrouw", "vrouwelijk", "meisje", "mevrouw", "mevr",
    "mw", "mvr", "mejuffrouw", "vrou", "vroulik", "mev", "mej", "kvinde", "kvindelig", "kvinne", "kvinnelig",
    "kvinna", "kvinnlig", "pige", "jente", "flicka", "fru", "frue", "frøken", "fröken", "frk", "hunkøn",
    "hunkjønn", "kona", "kvenkyn", "kvenmaður", "kvinnukyn", "dam", "weiblech", "Joffer",
    // Romance languages.
    "femme", "féminin", "féminine", "femelle", "fille", "madame", "mme", "mlle", "mademoiselle", "femenino",
    "femenina", "mujer", "hembra", "niña", "señora", "señorita", "sra", "srta", "doña", "feminino",
    "feminina", "mulher", "fêmea", "senhora", "senhorita", "menina", "moça", "srª", "sr.ª", "femmina",
    "femminile", "donna", "ragazza", "signora", "signorina", "sig.ra", "sig.na", "femení", "dona", "senyora",
    "muller", "femeie", "feminin", "femeiesc", "doamnă", "d-na", "dna", "fem",
    // Slavic and Baltic languages.
    "kobieta", "żeński", "żeńska", "pani", "panna", "dziewczyna", "žena", "ženský", "ženská", "ženské",
    "paní", "slečna", "žensko", "ženski", "ženska", "gospođa", "gospodja", "gđa", "gospa", "gospodična",
    "dekle", "женщина", "женский", "женская", "жен", "ж", "девушка", "девочка", "госпожа", "г-жа", "жінка",
    "жіноча", "жіночий", "дівчина", "пані", "жанчына", "жаночы", "жена", "женски", "женско", "госпођа", "гђа",
    "moteris", "moteriška", "ponia", "sieviete", "sieviešu", "kundze",
    // Other languages of Europe.
    "nainen", "naispuolinen", "tyttö", "rouva", "neiti", "naine", "naissoost", "tüdruk", "proua", "preili",
    "női", "hölgy", "kisasszony", "γυναίκα", "θήλυ", "θηλυκό", "κυρία", "κα", "δεσποινίς", "θ", "γ", "femër",
    "femërore", "grua", "zonja", "zonjë", "znj", "emakume", "emakumezko", "emakumezkoa", "bean", "baineann",
    "cailín", "boireannach", "boireann", "benyw", "benywaidd", "menyw", "dynes", "կին", "իգական", "օրիորդ",
    "տիկին", "ქალი", "მდედრობითი", "გოგო", "ქალბატონი", "virino",
    // Turkic languages and Mongolian.
    "kadın", "kız", "bayan", "hanım", "hanımefendi", "qadın", "xanım", "dişi", "ayol", "аял", "әйел", "қыз",
    "ханым", "хатын-кыз", "zenan", "эмэгтэй", "эм", "хүүхэн",
    // Semitic languages, Persian and their neighbours.
    "أنثى", "انثي", "إمرأة", "امرأة", "مؤنث", "بنت", "سيدة", "السيدة", "آنسة", "الآنسة", "אישה", "אשה",
    "נקבה", "גברת", "גב'", "בת", "زن", "خانم", "دختر", "مونث", "عورت", "خاتون", "لڑکی", "ښځه", "ښځینه",
    "نجلۍ", "مێ", "ژن", "ሴት", "ኣንስታይ", "አንስታይ", "ወ/ሮ",
    // Languages of India and its neighbours.
    "महिला", "स्त्री", "औरत", "लड़की", "नारी", "श्रीमती", "सुश्री", "कुमारी", "মহিলা", "নারী", "স্ত্রী",
    "মেয়ে", "মাইকী", "শ্রীমতী", "ਔਰਤ", "ਮਹਿਲਾ", "ਇਸਤਰੀ", "ਸ੍ਰੀਮਤੀ", "સ્ત્રી", "મહિલા", "શ્રીમતી", "ମହିଳା",
    "ସ୍ତ୍ରୀ", "ନାରୀ", "பெண்", "திருமதி", "செல்வி", "స్త్రీ", "మహిళ", "ఆడ", "శ్రీమతి", "ಮಹಿಳೆ", "ಹೆಣ್ಣು",
    "ಸ್ತ್ರೀ", "ಶ್ರೀಮತಿ", "സ്ത്രീ", "പെൺ", "വനിത", "ස්ත්‍රී", "ගැහැණු", "කාන්තා",
    // Languages of South-East and East Asia.
    "หญิง", "ผู้หญิง", "เพศหญิง", "สตรี", "นาง", "นางสาว", "น.ส", "ญ", "ຍິງ", "ຜູ້ຍິງ", "ເພດຍິງ", "ស្រី",
    "ស្ត្រី", "នារី", "အမျိုးသမီး", "မိန်းမ", "perempuan", "wanita", "cewek", "puan", "cik", "ibu", "nyonya",
    "wadon", "babae", "ginang", "binibini", "女", "女性", "女士", "女子", "女生", "女的", "女の子", "おんな", "オンナ", "婦人",
    "夫人", "小姐", "太太", "여", "여자", "여성", "여아", "ｆ",
    // Languages of Africa.
    "mwanamke", "msichana", "mke", "bibi", "owesifazane", "owesimame", "intombazane", "umfazi", "mace",
    "obìnrin", "nwanyị", "naag", "gabadh", "dheddig", "vehivavy",
];

/// The same for a man or boy.
#[rustfmt::skip]
const MALE: &[&str] = &[
    // English, as in Meta's own list.
    "man", "boy", "lad", "guy", "dude", "chap", "bloke", "fellow", "he", "him", "his", "himself", "male", "m",
    "mister", "mr", "sir", "gentleman", "lord", "father", "dad", "daddy", "papa", "son", "brother", "uncle",
    "nephew", "husband", "widower", "groom", "boyfriend", "king", "emperor", "prince", "duke", "count", "god",
    // Germanic languages.
    "männlich", "Mann", "Junge", "Herr", "Herrn", "Hr", "mannelijk", "jongen", "heer", "meneer", "dhr",
    "manlik", "mnr", "mand", "mandlig", "mannlig", "manlig", "dreng", "gutt", "pojke", "hankøn", "hankjønn",
    "karl", "karlkyn", "karlmaður", "kallkyn", "männlech", "Här",
    // Romance languages.
    "homme", "masculin", "mâle", "garçon", "monsieur", "masculino", "hombre", "varón", "macho", "niño",
    "señor", "sr", "don", "homem", "senhor", "menino", "rapaz", "maschio", "maschile", "uomo", "ragazzo",
    "signor", "signore", "sig", "masculí", "home", "senyor", "bărbat", "bărbătesc", "domn", "domnul", "d-l",
    "dl", "masc", "mascul",
    // Slavic and Baltic languages.
    "mężczyzna", "męski", "męska", "pan", "chłopak", "chłopiec", "muž", "mužský", "mužská", "mužské",
    "muškarac", "muško", "muški", "gospodin", "moški", "gospod", "fant", "мужчина", "мужской", "мужская",
    "муж", "м", "парень", "мальчик", "господин", "г-н", "чоловік", "чоловіча", "чоловічий", "ч", "хлопець",
    "мужчына", "мужчынскі", "мъж", "мъжки", "маж", "машки", "машко", "мушкарац", "мушко", "мушки", "vyras",
    "vyriška", "ponas", "vīrietis", "vīriešu", "kungs",
    // Other languages of Europe.
    "mies", "miespuolinen", "poika", "herra", "mees", "meessoost", "poiss", "härra", "férfi", "fiú", "άνδρας",
    "άντρας", "άρρεν", "αρσενικό", "κύριος", "κος", "α", "mashkull", "mashkullore", "burrë", "zoti", "gizon",
    "gizonezko", "gizonezkoa", "fear", "fireann", "fireannach", "buachaill", "gwryw", "gwrywaidd", "dyn",
    "bachgen", "gŵr", "raġel", "տղամարդ", "արական", "պարոն", "კაცი", "მამაკაცი", "მამრობითი", "ბიჭი",
    "ბატონი", "viro",
    // Turkic languages and Mongolian.
    "erkek", "oğlan", "bay", "bey", "beyefendi", "cənab", "еркек", "ер", "ұл", "мырза", "эркек", "erkak",
    "эрэгтэй", "эр",
    // Semitic languages, Persian and their neighbours.
    "ذكر", "رجل", "مذكر", "ولد", "سيد", "السيد", "זכר", "גבר", "מר", "ז", "בן", "مرد", "آقا", "پسر", "مذکر",
    "لڑکا", "سړی", "نارینه", "هلک", "نێر", "پیاو", "ወንድ", "ተባዕታይ", "አቶ",
    // Languages of India and its neighbours.
    "पुरुष", "पुरूष", "मर्द", "लड़का", "श्री", "श्रीमान", "পুরুষ", "ছেলে", "পুৰুষ", "শ্রী", "জনাব", "ਮਰਦ",
    "ਪੁਰਸ਼", "ਪੁਰਖ", "ਸ੍ਰੀ", "પુરુષ", "શ્રી", "ପୁରୁଷ", "ଶ୍ରୀ", "ஆண்", "திரு", "పురుషుడు", "మగ", "శ్రీ",
    "ಪುರುಷ", "ಗಂಡು", "ಶ್ರೀ", "പുരുഷൻ", "ആൺ", "ശ്രീ", "පුරුෂ", "පිරිමි",
    // Languages of South-East and East Asia.
    "ชาย", "ผู้ชาย", "เพศชาย", "บุรุษ", "นาย", "ช", "ຊາຍ", "ຜູ້ຊາຍ", "ເພດຊາຍ", "ប្រុស", "បុរស", "အမျိုးသား",
    "ယောက်ျား", "laki-laki", "lelaki", "pria", "cowok", "tuan", "encik", "bapak", "lanang", "lalaki", "ginoo",
    "nam", "男", "男性", "男士", "男子", "男生", "男的", "男の子", "おとこ", "オトコ", "남", "남자", "남성", "남아", "ｍ",
    // Languages of Africa.
    "mwanaume", "mvulana", "mume", "bwana", "owesilisa", "indoda", "umfana", "namiji", "okùnrin", "ọkùnrin",
    "nwoke", "wiil", "lehilahy",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(text: &str) -> Result<String, UnusableReason> {
        let mut out = String::new();
        clean(text, None, &mut out).map(|()| out)
    }

    #[test]
    fn v38_whole_words_only() {
        for (text, expected) in [("F", "f"), ("Ma'am", "f"), ("Ma’am", "f"), ("HUSBAND", "m"), ("MALE", "m")]
        {
            assert_eq!(letter(text).as_deref(), Ok(expected), "{text}");
        }
        for text in [
            "females",
            "male female",
            "m/f",
            "woman1",
            "divers",
            "non-binary",
            "fem ale",
            "male.",
            "f..",
            "nu",
            "no",
            "x",
            "w",
        ] {
            assert_eq!(letter(text), Err(UnusableReason::UnknownWord), "{text}");
        }
    }

    #[test]
    fn v38_words_of_many_languages_mean_one() {
        for (text, expected) in [
            ("weiblich", "f"),
            ("MÄNNLICH", "m"),
            ("mannlich", "m"),
            ("Femme", "f"),
            ("Féminin", "f"),
            ("FEMININ", "f"),
            ("mujer", "f"),
            ("Varon", "m"),
            ("Señora", "f"),
            ("Sr.", "m"),
            ("Sra.", "f"),
            ("Mr.", "m"),
            ("M.", "m"),
            ("Herr", "m"),
            ("Frau", "f"),
            ("Mme", "f"),
            ("Sig.ra", "f"),
            ("kadın", "f"),
            ("KADIN", "f"),
            ("Žena", "f"),
            ("muz", "m"),
            ("ΑΝΔΡΑΣ", "m"),
            ("Γυναίκα", "f"),
            ("жен.", "f"),
            ("Мужской", "m"),
            ("女", "f"),
            ("男性", "m"),
            ("여자", "f"),
            ("أنثى", "f"),
            ("انثى", "f"),
            ("ذكر", "m"),
            ("זכר", "m"),
            ("महिला", "f"),
            ("ස්\u{200d}ත්\u{200d}රී", "f"),
            ("ชาย", "m"),
            ("Nữ", "f"),
            ("Ｍ", "m"),
        ] {
            assert_eq!(letter(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn v38_what_means_either_is_refused_with_its_own_reason() {
        for text in ["H", "k", "V", "Fr.", "Kişi", "kisi", "先生", "م"] {
            assert_eq!(letter(text), Err(UnusableReason::AmbiguousWord), "{text}");
        }
    }

    #[test]
    fn v38_no_word_is_in_two_lists() {
        let mut seen = HashMap::new();
        for (meaning, list) in [
            ('f', FEMALE),
            ('m', MALE),
            ('f', ONLY_WITH_ACCENTS_FEMALE),
            ('m', ONLY_WITH_ACCENTS_MALE),
            ('?', EITHER),
        ] {
            for word in list {
                for form in [folded(word), without_accents(&folded(word))] {
                    let before = seen.insert(form, (meaning, word));
                    assert!(before.is_none_or(|(other, _)| other == meaning), "{word} and {before:?}");
                }
                if meaning != '?' && word.chars().count() > 1 {
                    assert_eq!(letter(word), Ok(meaning.to_string()), "{word}");
                }
            }
        }
        for short in ABBREVIATED {
            assert!(WORDS.contains_key(*short), "{short}");
        }
    }

    #[test]
    fn v38_stated_words_come_first() -> Result<(), Box<dyn std::error::Error>> {
        let spanish = GenderWords::female_male("M", "H")?;
        for (text, expected) in [("M", "f"), ("h", "m"), ("F", "f"), ("hombre", "m"), ("male", "m")] {
            let mut out = String::new();
            clean(text, Some(spanish), &mut out)?;
            assert_eq!(out, expected, "{text}");
        }
        Ok(())
    }
}
