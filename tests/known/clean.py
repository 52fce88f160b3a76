"""A second implementation of the cleaning rules, written from the facts alone and without a look at the crate, so
that the crate can be checked against it. Standard library only; the word lists in words.json come from ISO 3166
(by pycountry 26.2.16) and from the lists that Meta publishes.

    python3 cases.py            writes answers.jsonl anew
    python3 clean.py FILE       checks this program against published values, one JSON object a line

Each function: (raw, country=None, **options) -> Result(text, digest, reason).
 text   normal form (what is hashed, or sent as it is), None when refused
 digest lower-case hex SHA-256, None when refused or when the field is sent in clear
 reason one word when refused
"""
import datetime, hashlib, ipaddress, json, os, re, sys, unicodedata
from collections import namedtuple

DATA = json.load(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'words.json')))
Result = namedtuple('Result', 'text digest reason')

# Unicode White_Space, spelled out (str.isspace also counts U+001C..U+001F)
BLANK = set('\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000') | {chr(c) for c in range(0x2000, 0x200b)}
ASCII_PUNCT = set('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~')
PLACEHOLDERS = {'null', 'n/a', 'none', '-', 'nan', 'undefined', 'unknown'}
cat = unicodedata.category
nfc = lambda s: unicodedata.normalize('NFC', s)


class Refuse(Exception):
    pass


def trim(s):
    a, b = 0, len(s)
    while a < b and s[a] in BLANK:
        a += 1
    while b > a and s[b - 1] in BLANK:
        b -= 1
    return s[a:b]


def unblank(s):
    return ''.join(c for c in s if c not in BLANK)


def lower(s):
    # str.lower is the full, locale-free mapping with the Final_Sigma condition
    return nfc(s.lower())


# Scripts of today whose letters join, or that have a virama: their words may need a joiner. Unicode names each letter and
# mark after its script.
JOINED = set('ARABIC SYRIAC NKO MANDAIC MONGOLIAN ADLAM DEVANAGARI BENGALI GURMUKHI GUJARATI ORIYA TAMIL TELUGU '
             'KANNADA MALAYALAM SINHALA VEDIC MYANMAR KHMER BALINESE SUNDANESE JAVANESE SAURASHTRA CHAKMA '
             'HANIFI TAI SYLOTI MEETEI'.split())
JOINERS = '\u200c\u200d'
APOSTROPHES = set('\'`\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb\u02ee\u0384\u055a\u05f3\u07f4\u07f5\u1fbd\u1fbf\u1ffe'
                  '\u2018\u2019\u201a\u201b\u2032\u2035\u275b\u275c\ua78b\ua78c\uff07\uff40')


def takes_joiners(c):
    return cat(c)[0] in 'LM' and unicodedata.name(c, '').split(' ')[0].split('-')[0] in JOINED


def without_joiners(s):
    """The text with those joiners only that stand between letters or marks of such scripts."""
    seen = [c for c in s if c in JOINERS or cat(c) != 'Cf']
    return ''.join(c for i, c in enumerate(seen) if c not in JOINERS or
                   0 < i < len(seen) - 1 and takes_joiners(seen[i - 1]) and takes_joiners(seen[i + 1]))


def prepare(raw, joiners=False):
    if not isinstance(raw, str):
        raise Refuse('type')
    s = nfc(raw)
    s = without_joiners(s) if joiners else ''.join(c for c in s if cat(c) != 'Cf')
    s = trim(nfc(s))
    if not s:
        raise Refuse('empty')
    if lower(s) in PLACEHOLDERS:
        raise Refuse('placeholder')
    return s


HEX64 = re.compile(r'[0-9a-fA-F]{64}')
# Hexadecimal text of another length than that of SHA-256: another kind, or cut. Digits alone or letters alone are none.
HEXOLD = re.compile(r'(?=.*[0-9])(?=.*[a-fA-F])(?:[0-9a-fA-F]{32,63}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128})')
AROUND = re.compile(r'(?:(?:md5|sha-?\d*)[:=])?(.*)', re.I)
APPENDED = re.compile(r'[0-9a-fA-F]{64}\.(?:AQ|Ag|Aw|BA|BQ|Bg|[A-Za-z0-9_-]{8})')


def sha(s):
    return hashlib.sha256(s.encode('utf-8')).hexdigest()


def hashed(fn):
    """Key that goes out as SHA-256."""
    def run(raw, country=None, **options):
        try:
            s = prepare(raw, fn.__name__ in ('fn', 'ln', 'ct', 'st', 'f5first', 'f5last', 'fi'))
            if HEX64.fullmatch(s):
                d = s.lower()
                return Result(d, d, None)
            if APPENDED.fullmatch(s):
                return Result(s, s, None)
            if fn.__name__ != 'external_id' and HEXOLD.fullmatch(AROUND.fullmatch(s.strip('"\' '))[1] if '\n' not in s else s):
                raise Refuse('oldhash')
            t = nfc(fn(s, country, options))
            if not t:
                raise Refuse('nothing_left')
            return Result(t, sha(t), None)
        except Refuse as e:
            return Result(None, None, str(e))
    run.__name__ = fn.__name__
    return run


def clear(fn):
    """Key that goes out unhashed."""
    def run(raw, country=None, **options):
        try:
            t = fn(prepare(raw), country, options)
            if not t:
                raise Refuse('nothing_left')
            return Result(t, None, None)
        except Refuse as e:
            return Result(None, None, str(e))
    run.__name__ = fn.__name__
    return run


# ---------------------------------------------------------------- e-mail
ATEXT = set("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+/=?^_`{|}~-")
LDH = set('abcdefghijklmnopqrstuvwxyz0123456789-')


def wordchar(c):
    return ord(c) > 127 and (cat(c)[0] in 'LM' or cat(c) == 'Nd')


@hashed
def em(s, country, o):
    s = lower(s)
    if any(c in BLANK for c in s):
        raise Refuse('inner_blank')
    if s.count('@') != 1:
        raise Refuse('at_sign')
    local, domain = s.split('@')
    if len(local) > 64 or len(s) > 254:
        raise Refuse('long')
    for atom in local.split('.'):
        if not atom or not all(c in ATEXT or wordchar(c) for c in atom):
            raise Refuse('local_part')
    labels = domain.split('.')
    if len(labels) < 2:
        raise Refuse('domain')
    for label in labels:
        if not label or label[0] == '-' or label[-1] == '-' or not all(c in LDH or wordchar(c) for c in label):
            raise Refuse('domain')
    return s


# ---------------------------------------------------------------- phone
EXTENSION = re.compile(r'(?i);\s*ext\s*=|#|extension|ext|x')


@hashed
def ph(s, country, o):
    s = ''.join(str(unicodedata.decimal(c)) if cat(c) == 'Nd' else c for c in s)
    first = re.search(r'[0-9]', s)
    if not first:
        raise Refuse('no_digit')
    m = EXTENSION.search(s, first.end())
    if m:
        s = s[:m.start()]
    plus = any(c in '+\uff0b' for c in s[:first.start()])
    digits = re.sub(r'[^0-9]', '', s)
    zeros = len(digits) - len(digits.lstrip('0'))
    international = plus or zeros >= 2
    if international:
        s = re.sub(r'\(\s*0\s*\)', '', s)
        digits = re.sub(r'[^0-9]', '', s)
    if not digits.strip('0'):
        raise Refuse('zeros')
    number = digits.lstrip('0')
    code = o.get('calling_code')
    if not international:
        if code:
            number = code + number
        elif zeros == 1:
            raise Refuse('national')
    if not 7 <= len(number) <= 15:
        raise Refuse('length')
    return number


# ---------------------------------------------------------------- names
def name(s):
    return ''.join(c for c in lower(s) if c not in BLANK and c not in ASCII_PUNCT and cat(c)[0] != 'P' and c not in APOSTROPHES)


@hashed
def fn(s, country, o):
    return name(s)


@hashed
def ln(s, country, o):
    return name(s)


@hashed
def f5first(s, country, o):
    return nfc(name(s))[:5].rstrip(JOINERS)


@hashed
def f5last(s, country, o):
    return nfc(name(s))[:5].rstrip(JOINERS)


@hashed
def fi(s, country, o):
    return nfc(name(s))[:1]


# ---------------------------------------------------------------- birth
ISO_TIME = re.compile(r'([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})[Tt ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?\s*(?:[zZ]|[+-][0-9]{2}:?[0-9]{2})?')


# A few of the languages; a name that means two months in two languages is in none of them.
MONTHS = {name: number for number, names in enumerate((
    'jan january januar janvier janv enero ene gennaio gen janeiro января',
    'feb february februar février févr febrero febbraio fevereiro февраля',
    'mar march märz mars marzo março марта',
    'apr april avril avr abril abr aprile апреля',
    'may mai mayo maggio mag maio мая',
    'jun june juni juin junio giugno giu junho июня',
    'jul july juli juillet juil julio luglio lug julho июля',
    'aug august août agosto ago августа',
    'sep sept september septembre septiembre settembre set setembro сентября',
    'oct october okt oktober octobre octubre ottobre ott outubro октября',
    'nov november novembre noviembre novembro ноября',
    'dec december dez dezember déc décembre diciembre dic dicembre dezembro декабря'), 1) for name in names.split()}


def with_month(s):
    """Year, month and day of a date with the name of its month, or None."""
    words = re.findall(r"[^\W\d_]+|[0-9]+", s.lower())
    words = [w for w in words if w not in ('de', 'of', 'the', 'er', 'st', 'nd', 'rd', 'th', 'г')]
    months = [w for w in words if w in MONTHS]
    if not months:
        return None
    if len(words) != 3 or len(months) != 1:
        raise Refuse('month')
    numbers = [w for w in words if w not in MONTHS]
    year = numbers[0] if words[0] == numbers[0] and len(numbers[0]) == 4 else numbers[1]
    day = numbers[1] if year is numbers[0] else numbers[0]
    if not re.fullmatch('[0-9]{4}', year) or not re.fullmatch('[0-9]{1,2}', day):
        raise Refuse('year')
    return f'{year}-{MONTHS[months[0]]:02}-{int(day):02}'


@hashed
def db(s, country, o):
    s = with_month(s) or s
    today = o.get('today') or datetime.datetime.now(datetime.timezone.utc).date()
    m = ISO_TIME.fullmatch(s)
    if m:
        s = m.group(1)
    groups = re.findall(r'[0-9]+', s)
    if len(groups) == 1 and len(groups[0]) == 8:
        g = groups[0]
        y, mo, d = int(g[:4]), int(g[4:6]), int(g[6:])
    elif len(groups) == 3:
        years = [i for i, g in enumerate(groups) if len(g) == 4]
        if len(years) != 1 or years[0] == 1 or any(len(g) > 4 or len(g) == 3 for g in groups):
            raise Refuse('year')
        if years[0] == 0:
            y, a, b = map(int, groups)
            mo, d = (b, a) if a > 12 >= b else (a, b)
        else:
            a, b, y = map(int, groups)
            if a > 12 or a == b:
                d, mo = a, b
            elif b > 12:
                mo, d = a, b
            elif o.get('order') == 'day_first':
                d, mo = a, b
            elif o.get('order') == 'month_first':
                mo, d = a, b
            elif a == 0 or b == 0:
                raise Refuse('zero')
            else:
                raise Refuse('ambiguous')
    else:
        raise Refuse('groups')
    try:
        day = datetime.date(y, mo, d)
    except ValueError:
        raise Refuse('no_such_day')
    if day.year < 1900:
        raise Refuse('too_early')
    if day > today:
        raise Refuse('future')
    return day.strftime('%Y%m%d') if day.year >= 1000 else ''


def small(low, high):
    def rule(s, country, o):
        if not re.fullmatch(r'[0-9]{1,2}', s) or not low <= int(s) <= high:
            raise Refuse('range')
        return s.zfill(2)
    return rule


def _dobd(s, country, o):
    return small(1, 31)(s, country, o)


def _dobm(s, country, o):
    return small(1, 12)(s, country, o)


_dobd.__name__, _dobm.__name__ = 'dobd', 'dobm'
dobd, dobm = hashed(_dobd), hashed(_dobm)


@hashed
def doby(s, country, o):
    today = o.get('today') or datetime.datetime.now(datetime.timezone.utc).date()
    if not re.fullmatch(r'[0-9]{4}', s) or not 1900 <= int(s) <= today.year:
        raise Refuse('range')
    return s


# ---------------------------------------------------------------- gender
@hashed
def ge(s, country, o):
    s = ''.join("'" if c in APOSTROPHES else c for c in lower(s))
    w = DATA['ge'].get(s) or {unaccented(word): letter for word, letter in DATA['ge'].items()}.get(unaccented(s))
    if not w:
        raise Refuse('word')
    return w


# ---------------------------------------------------------------- place
def is_letter(c):
    return cat(c)[0] in 'LM' and c not in APOSTROPHES or c in JOINERS


@hashed
def ct(s, country, o):
    t = ''.join(c for c in lower(s) if is_letter(c) or cat(c) == 'Nd')
    if t and cat(t[0]) == 'Nd':
        raise Refuse('leading_digit')
    return t


def country_code(value):
    if value is None:
        return None
    r = country_(value)
    return r.text


@hashed
def st(s, country, o):
    t = nfc(''.join(c for c in lower(s) if is_letter(c)))
    if country_code(country) in (None, 'us', 'ca'):
        t = DATA['st'].get(t, t)
    return t


@hashed
def zp(s, country, o):
    t = ''.join('-' if cat(c) == 'Pd' else c for c in unblank(lower(s)))
    code = country_code(country)
    bare = t.replace('-', '')
    if code in (None, 'us') and re.fullmatch(r'[0-9]{5}-[0-9]{4}', t):
        bare = t[:5]
    elif code == 'us' and re.fullmatch(r'[0-9]{9}', bare):
        bare = bare[:5]
    if not bare:
        raise Refuse('nothing_left')
    if len(bare) < 2:
        raise Refuse('short')
    return bare


def unaccented(s):
    return ''.join(c for c in unicodedata.normalize('NFD', s) if cat(c) != 'Mn')


@hashed
def country(s, _country, o):
    t = nfc(''.join(c for c in lower(s) if cat(c)[0] in 'LM'))
    if not t:
        raise Refuse('nothing_left')
    if t in DATA['alpha2']:
        return t
    if t == 'uk':
        return 'gb'
    code = DATA['alpha3'].get(t) or DATA['names'].get(t)
    if not code and len(t) > 2:
        bare = {unaccented(name): code for name, code in DATA['names'].items()}
        code = bare.get(unaccented(t))
    if not code:
        raise Refuse('not_a_country')
    return code


country_ = country


# ---------------------------------------------------------------- ids
@hashed
def external_id(s, country, o):
    return unblank(lower(s))


@clear
def madid(s, country, o):
    s = lower(s)
    if not s.replace('-', '').strip('0'):
        raise Refuse('all_zero')
    return s


@clear
def lead_id(s, country, o):
    if not re.fullmatch(r'[0-9]{1,20}', s) or not 0 < int(s) < 2 ** 64:
        raise Refuse('not_a_number')
    return str(int(s))


FB = re.compile(r'fb\.[0-2]\.[0-9]+\.[^.\s]+(?:\.(?:[A-Za-z0-9_-]{2}|[A-Za-z0-9_-]{8}))?')


@clear
def fbc(s, country, o):
    if not FB.fullmatch(s):
        raise Refuse('shape')
    return s


@clear
def fbp(s, country, o):
    if not FB.fullmatch(s):
        raise Refuse('shape')
    return s


@clear
def client_ip_address(s, country, o):
    try:
        return str(ipaddress.ip_address(s))
    except ValueError:
        raise Refuse('not_an_address')


FIELDS = {n: globals()[n] for n in ('em ph fn ln db ge ct st zp country external_id madid f5first f5last fi '
                                    'dobd dobm doby lead_id fbc fbp client_ip_address').split()}


def check(path):
    bad = total = 0
    for line in open(path, encoding='utf8'):
        r = json.loads(line)
        total += 1
        got = FIELDS[r['field']](r['input'])
        if (got.text, got.digest) != (r['normalized'], r['sha256']):
            bad += 1
            print('DIFF', r['field'], ascii(r['input'])[:80], '->', got, 'want', r['normalized'])
    print(total, 'lines,', bad, 'differ')
    return bad


if __name__ == '__main__':
    raise SystemExit(1 if check(sys.argv[1]) else 0)
