"""Disputed cases, each with its answer written down by hand; clean.py must agree. Writes answers.jsonl beside itself."""
import json, os, sys, unicodedata
import clean
C = []
N = None
def T(field, about, *pairs, country=None, order=None):
    for p in pairs:
        inp, want = p[0], p[1]
        cc = p[2] if len(p) > 2 else country
        C.append((field, inp, want, about, cc, order))
nfd = lambda s: unicodedata.normalize('NFD', s)
H = '8df99a46f811595e1a1de5016e2445bc202f72b946482032a75aec528a0a350d'
EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
MD5 = '5d41402abc4b2a76b9719d911017c592'
SHA1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'

# ------------------------------------------------------------------ digests
for f in ('em', 'ph', 'fn', 'ln', 'db', 'ge', 'ct', 'st', 'zp', 'country', 'external_id'):
    T(f, 'digest in capitals', (H.upper(), H))
    T(f, 'digest of empty text passes as a digest', (EMPTY, EMPTY))
    if f != 'external_id':
        T(f, 'MD5 refused', (MD5, N), (MD5.upper(), N))
        T(f, 'SHA-1 refused', (SHA1, N))
T('external_id', 'MD5-looking id is an id', (MD5, MD5), (MD5.upper(), MD5))
T('external_id', 'SHA-1-looking id is an id', (SHA1.upper(), SHA1))
T('em', 'padded digest', ('  ' + H + '\t', H), ('\u00a0' + H.upper() + '\u00a0', H), ('\ufeff' + H, H), ('\u200b' + H + '\u200e', H))
T('ph', 'padded digest', ('\ufeff' + H.upper() + '\n', H))
T('em', 'parameter builder suffix forwarded unchanged', (H + '.AQQCAQAB', H + '.AQQCAQAB'), (H + '.BA', H + '.BA'))
T('em', '63 or 65 hex, not hex, base64, text around a digest', (H[:63], N), (H + '0', N), ('g' + H[1:], N), ('sha256:' + H, N), ('jfmaRvgRWV4aHeUBbiRFvCAvcrlGSCAyp1rsUooKNQ0=', N))
T('db', '63 or 65 hex, text around a digest', (H[:63], N), ('sha256:' + H, N))
T('ge', '63 or 65 hex', (H[:63], N), (H + '0', N))
T('country', '63 or 65 hex', (H[:63], N))
for f in ('fn', 'ln', 'ct', 'st', 'zp'):
    T(f, 'cut digest refused', (H[:63], N), (H[:33], N), ('"' + H[:63] + '"', N), ('sha256:' + H[:63], N))
    T(f, 'SHA-224, SHA-384 and SHA-512 refused', (H[:56], N), (H + H[:32], N), (H + H, N))
T('fn', 'digits alone are no digest', ('1' * 40, '1' * 40))
T('external_id', 'id that looks like a cut digest is an id', (H[:63], H[:63]))

# ------------------------------------------------------------------ empty and placeholders
for f in ('em', 'ph', 'fn', 'ln', 'db', 'ge', 'ct', 'st', 'zp', 'country', 'external_id', 'madid'):
    T(f, 'empty', ('', N))
    T(f, 'placeholder', ('null', N), ('N/A', N))
for f in ('fn', 'ln', 'ct', 'st', 'external_id'):
    T(f, 'placeholder', ('NULL', N), ('n/a', N), ('None', N), (' none ', N), ('-', N), ('NaN', N), ('undefined', N), ('Unknown', N))
T('zp', 'placeholder', ('none', N), ('-', N), ('nan', N), ('UNDEFINED', N), ('unknown', N))
T('ge', 'placeholder', ('unknown', N), ('none', N))
T('fn', 'only blank or invisible', ('\u00a0\u2003\u3000', N), ('\u200b', N), ('\ufeff\u00ad\u200e', N), ('\u00a0\u200b ', N))
T('em', 'only blank or invisible', ('\u00a0', N), ('\u200b\u200b', N))
T('external_id', 'only blank or invisible', ('\u2007\u202f', N), ('\u2060', N))
T('country', 'n/a is not Namibia', ('N/A', N), ('n/a', N))
T('country', 'NA is Namibia', ('NA', 'na'), ('na', 'na'))

# ------------------------------------------------------------------ e-mail
T('em', 'capitals, blanks around', (' JOHN.DOE@EXAMPLE.COM ', 'john.doe@example.com'), ('\u00a0John@Example.com\u3000', 'john@example.com'))
T('em', 'no provider rewriting', ('John.Doe+news@GMail.com', 'john.doe+news@gmail.com'), ('johndoe@googlemail.com', 'johndoe@googlemail.com'))
T('em', 'mailto', ('mailto:john@example.com', N), ('MAILTO:John@Example.com', N))
T('em', 'two at signs', ('john@doe@example.com', N), ('john@example.com;jane@example.com', N), ('john@example.com,jane@example.com', N))
T('em', 'no dot or outer dot in the domain', ('john@localhost', N), ('john@example.com.', N), ('john@.example.com', N))
T('em', 'quoted', ('"john doe"@example.com', N), ('"john"@example.com', N), ('"john@doe"@example.com', N))
T('em', 'display name, comment, brackets', ('John <john@example.com>', N), ('<john@example.com>', N), ('john(work)@example.com', N), ('john@[192.0.2.1]', N))
T('em', 'inner blank, also no-break', ('john doe@example.com', N), ('john\u00a0doe@example.com', N), ('john@exam\u2009ple.com', N), ('john@example.com jane', N))
T('em', 'invisible characters removed', ('jo\u200bhn@example.com', 'john@example.com'), ('john@exa\u00admple.com', 'john@example.com'), ('\u200ejohn@example.com\u200f', 'john@example.com'), ('\ufeffjohn@example.com', 'john@example.com'), ('\u202ajohn@example.com\u202c', 'john@example.com'), ('john\u2060@example.com', 'john@example.com'))
T('em', 'hyphen at a label edge', ('john@-example.com', N), ('john@example-.com', N), ('john@ex-ample.com', 'john@ex-ample.com'))
T('em', 'punycode kept', ('info@XN--MNCHEN-3YA.de', 'info@xn--mnchen-3ya.de'))
T('em', 'non-ASCII address kept as written', ('j\u00f6rg@m\u00fcnchen.de', 'j\u00f6rg@m\u00fcnchen.de'), ('J\u00d6RG@M\u00dcNCHEN.DE', 'j\u00f6rg@m\u00fcnchen.de'), (nfd('j\u00f6rg@m\u00fcnchen.de'), 'j\u00f6rg@m\u00fcnchen.de'), ('\u0438\u0432\u0430\u043d@\u043f\u043e\u0447\u0442\u0430.\u0440\u0444', '\u0438\u0432\u0430\u043d@\u043f\u043e\u0447\u0442\u0430.\u0440\u0444'), ('\u674e@\u4f8b\u5b50.\u4e2d\u56fd', '\u674e@\u4f8b\u5b50.\u4e2d\u56fd'), ('stra\u00dfe@example.de', 'stra\u00dfe@example.de'), ('Ren\u00e9e@example.fr', 'ren\u00e9e@example.fr'))
T('em', 'dummy address passes', ('test@test.com', 'test@test.com'))

# ------------------------------------------------------------------ phone
T('ph', 'international prefix', ('+49 30 1234567', '49301234567'), ('0049 30 1234567', '49301234567'), ('00 49-30-1234567', '49301234567'), ('+0049 30 1234567', '49301234567'), ('00049301234567', '49301234567'))
T('ph', '(0) after an international prefix', ('+44 (0)20 7946 0018', '442079460018'), ('+44(0)2079460018', '442079460018'), ('0044 (0) 20 7946 0018', '442079460018'), ('+49 (0) 30 1234567', '49301234567'))
T('ph', 'single leading zero is a national number', ('020 7946 0018', N), ('(020) 7946 0018', N), ('(0)20 7946 0018', N), ('030/1234567', N), ('06 12 34 56 78', N))
T('ph', 'plus and one zero', ('+044 20 7946 0018', '442079460018'))
T('ph', 'no country code, stays', ('(650) 555-1212', '6505551212'), ('612345678', '612345678'))
T('ph', 'extension never joined', ('+1 650 555 1212 x123', '16505551212'), ('+1 650 555 1212x123', '16505551212'), ('+1 650 555 1212 X 123', '16505551212'), ('+1 650 555 1212 ext 123', '16505551212'), ('+1 650 555 1212 ext. 123', '16505551212'), ('+1 650 555 1212 Ext.123', '16505551212'), ('+1 650 555 1212 extension 123', '16505551212'), ('+1 650 555 1212 EXTENSION 9', '16505551212'), ('+1 650 555 1212 #123', '16505551212'), ('+16505551212;ext=123', '16505551212'), ('tel:+16505551212;ext=9', '16505551212'), ('650-555-1212 ext 4', '6505551212'))
T('ph', 'length 7 to 15', ('123456', N), ('1234567', '1234567'), ('+123456789012345', '123456789012345'), ('+1234567890123456', N), ('12345678901234567890', N), ('123', N), ('00123456', N), ('0000001', N))
T('ph', 'all zeros', ('0000000000', N), ('+00000000', N), ('000-000-0000', N))
T('ph', 'letters do not become digits', ('1-800-FLOWERS', N), ('call me', N))
T('ph', 'two numbers in one cell', ('+1 650 555 1212 / +1 650 555 1213', N))
T('ph', 'full-width digits', ('\uff0b\uff11 \uff16\uff15\uff10 \uff15\uff15\uff15 \uff11\uff12\uff11\uff12', '16505551212'), ('\uff18\uff11\uff13\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18', '81312345678'))
T('ph', 'Arabic, Persian, Devanagari digits', ('+\u0669\u0667\u0661 \u0665\u0660 \u0661\u0662\u0663 \u0664\u0665\u0666\u0667', '971501234567'), ('\u06f0\u06f0\u06f9\u06f8\u06f9\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6\u06f7\u06f8\u06f9', '989123456789'), ('+\u096f\u0967 \u096f\u096e\u096d\u096c\u096b \u096a\u0969\u0968\u0967\u0966', '919876543210'))
T('ph', 'single leading zero in other digits', ('\u0660\u0665\u0660 \u0661\u0662\u0663 \u0664\u0665\u0666\u0667', N), ('\uff10\uff13-\uff11\uff12\uff13\uff14-\uff15\uff16\uff17\uff18', N))
T('ph', 'separators and invisible characters', ('+1\u00a0650\u00a0555\u00a01212', '16505551212'), ('+1\u2011650\u2011555\u20111212', '16505551212'), ('\u202a+1 650 555 1212\u202c', '16505551212'), ('+1.650.555.1212', '16505551212'), ('\u200e+16505551212', '16505551212'))

# ------------------------------------------------------------------ names
for f in ('fn', 'ln'):
    T(f, 'composed and decomposed accents', ('Val\u00e9ry', 'val\u00e9ry'), (nfd('Val\u00e9ry'), 'val\u00e9ry'), (nfd('VAL\u00c9RY'), 'val\u00e9ry'), (nfd('\u00c5ngstr\u00f6m'), '\u00e5ngstr\u00f6m'))
    T(f, 'apostrophes', ("O'Brien", 'obrien'), ('O\u2019Brien', 'obrien'), ('O\u2018Brien', 'obrien'), ('O`Brien', 'obrien'))
    T(f, 'sharp s', ('Wei\u00df', 'wei\u00df'), ('WEI\u1e9e', 'wei\u00df'), ('WEISS', 'weiss'))
    T(f, 'Turkish i', ('\u0130pek', 'i\u0307pek'), ('I\u015f\u0131k', 'i\u015f\u0131k'), ('ILGAZ', 'ilgaz'), ('\u0131lgaz', '\u0131lgaz'))
    T(f, 'final sigma', ('\u039d\u0399\u039a\u039f\u03a3', '\u03bd\u03b9\u03ba\u03bf\u03c2'), ('\u039d\u03af\u03ba\u03bf\u03c2', '\u03bd\u03af\u03ba\u03bf\u03c2'))
    T(f, 'invisible characters', ('Ma\u00adry', 'mary'), ('Ma\u200bry', 'mary'), ('\u200fMary\u200e', 'mary'), ('\ufeffMary', 'mary'), ('\u2066Mary\u2069', 'mary'))
    T(f, 'no-break and other blanks', ('Mary\u00a0Jane', 'maryjane'), ('Mary\u3000Jane', 'maryjane'), ('Mary\u202fJane', 'maryjane'))
T('fn', 'final sigma, several words', ('\u039d\u0399\u039a\u039f\u03a3 \u0391\u039b\u0395\u039e\u0397\u03a3', '\u03bd\u03b9\u03ba\u03bf\u03c2\u03b1\u03bb\u03b5\u03be\u03b7\u03c2'), ('\u03a3\u03a9\u03a4\u0397\u03a1\u0399\u039f\u03a3-\u039d\u0399\u039a\u039f\u03a3', '\u03c3\u03c9\u03c4\u03b7\u03c1\u03b9\u03bf\u03c2\u03bd\u03b9\u03ba\u03bf\u03c2'), ('\u03a3', '\u03c3'), ('\u039d\u0399\u039a\u039f\u03a3,', '\u03bd\u03b9\u03ba\u03bf\u03c2'), ('\u039d\u0399\u039a\u039f\u03a3 2', '\u03bd\u03b9\u03ba\u03bf\u03c22'), ('\u039d\u0399\u039a\u039f\u03a3\u00ad \u0391', '\u03bd\u03b9\u03ba\u03bf\u03c2\u03b1'))
T('ln', 'final sigma, several words', ('\u03a0\u0391\u03a0\u0391\u03a3 \u039c\u0391\u039a\u03a1\u0397\u03a3', '\u03c0\u03b1\u03c0\u03b1\u03c2\u03bc\u03b1\u03ba\u03c1\u03b7\u03c2'), ('\u03a0\u0391\u03a0\u0391\u03a3\u00a0\u039c\u0391\u039a\u03a1\u0397\u03a3', '\u03c0\u03b1\u03c0\u03b1\u03c2\u03bc\u03b1\u03ba\u03c1\u03b7\u03c2'))
T('fn', 'Hangul jamo', ('\u110c\u1165\u11bc', '\uc815'), (nfd('\uae40\ubbfc\uc218'), '\uae40\ubbfc\uc218'), ('\uae40 \ubbfc\uc218', '\uae40\ubbfc\uc218'))
T('fn', 'Devanagari keeps its marks', ('\u092a\u094d\u0930\u093f\u092f\u093e', '\u092a\u094d\u0930\u093f\u092f\u093e'), ('\u0930\u093e\u092e \u0932\u093e\u0932', '\u0930\u093e\u092e\u0932\u093e\u0932'), ('\u0958\u093e\u0926\u0930', '\u0915\u093c\u093e\u0926\u0930'))
T('fn', 'joiners between letters of their scripts', ('\u0915\u094d\u200d\u0937\u092e\u093e', '\u0915\u094d\u200d\u0937\u092e\u093e'), ('\u0dc1\u0dca\u200d\u0dbb\u0dd3', '\u0dc1\u0dca\u200d\u0dbb\u0dd3'), ('\u1798\u17d2\u200c\u1793', '\u1798\u17d2\u200c\u1793'))
T('ct', 'joiners between letters of their scripts', ('\u0dc1\u0dca\u200d\u0dbb\u0dd3', '\u0dc1\u0dca\u200d\u0dbb\u0dd3'))
T('fn', 'joiners elsewhere', ('Ma\u200dry', 'mary'), ('\u0915\u094d\u200d', '\u0915\u094d'), ('\u200d\u0915', '\u0915'), ('\u0915\u094d\u200d-\u0937', '\u0915\u094d\u0937'), ('\u0639\u0644\u06cc\u200c \u0631\u0636\u0627', '\u0639\u0644\u06cc\u0631\u0636\u0627'), ('\u0639\u0644\u06cc\u200c\u200c\u0631\u0636\u0627', '\u0639\u0644\u06cc\u0631\u0636\u0627'), ('\u0939\u200c1', '\u09391'))
T('fn', 'Persian zero-width non-joiner', ('\u0639\u0644\u06cc\u200c\u0631\u0636\u0627', '\u0639\u0644\u06cc\u200c\u0631\u0636\u0627'))
T('fn', 'Arabic', ('\u0645\u062d\u0645\u062f', '\u0645\u062d\u0645\u062f'), ('\u0639\u0628\u062f \u0627\u0644\u0644\u0647', '\u0639\u0628\u062f\u0627\u0644\u0644\u0647'), ('\u0627\u0654\u062d\u0645\u062f', '\u0623\u062d\u0645\u062f'), ('\u0645\u064f\u062d\u064e\u0645\u064e\u0651\u062f', unicodedata.normalize('NFC', '\u0645\u064f\u062d\u064e\u0645\u064e\u0651\u062f')), ('\u0645\u062d\u0645\u062f\u060c', '\u0645\u062d\u0645\u062f'))
T('fn', 'Chinese and Japanese', ('\u674e\u5c0f\u9f99', '\u674e\u5c0f\u9f99'), ('\u674e\u3000\u5c0f\u9f99', '\u674e\u5c0f\u9f99'), ('\u65e5\u672c', '\u65e5\u672c'), ('\u30e1\u30a2\u30ea\u30fc\u30fb\u30ed\u30fc\u30ba', '\u30e1\u30a2\u30ea\u30fc\u30ed\u30fc\u30ba'), ('\u4f50\u3005\u6728', '\u4f50\u3005\u6728'), ('\ufa19', '\u795e'), ('\u300c\u592a\u90ce\u300d', '\u592a\u90ce'))
T('fn', 'Hebrew, Thai, Cyrillic', ('\u05d3\u05d5\u05d3', '\u05d3\u05d5\u05d3'), ('\u05e6\u05d5\u05f4\u05e8', '\u05e6\u05d5\u05e8'), ('\u0e2a\u0e21\u0e0a\u0e31\u0e22', '\u0e2a\u0e21\u0e0a\u0e31\u0e22'), ('\u0418\u0412\u0410\u041d', '\u0438\u0432\u0430\u043d'), ('\u0410\u043d\u0434\u0440\u0435\u0438\u0306', '\u0430\u043d\u0434\u0440\u0435\u0439'))
T('fn', 'Unicode punctuation dropped', ('Jean\u2010Luc', 'jeanluc'), ('Jean\u2013Luc', 'jeanluc'), ('Jean\u2014Luc', 'jeanluc'), ('Jean\u00b7Luc', 'jeanluc'), ('\u201cJean\u201d', 'jean'), ('\u00abJean\u00bb', 'jean'), ('\u00bfJean?', 'jean'), ('Jean\u2026', 'jean'), ('\uff08Jean\uff09', 'jean'), ('\u2019', N), ('\u2014\u2026', N))
T('fn', 'apostrophes of all kinds are one', ('Kea\u02bbala', 'keaala'), ('O\u02bcBrien', 'obrien'), ('O\u00b4Brien', 'obrien'), ('O`Brien', 'obrien'), ('O\u2032Brien', 'obrien'), ('O\uff07Brien', 'obrien'), ('\u05d2\u05f3\u05d5\u05df', '\u05d2\u05d5\u05df'), ('\u02bc', N))
T('ct', 'apostrophes of all kinds are one', ('O\u02bbahu', 'oahu'), ('L\u00b4Aquila', 'laquila'))
T('fn', 'emoji stays', ('Mary \U0001f600', 'mary\U0001f600'), ('\U0001f600', '\U0001f600'), ('Anna\U0001f469\u200d\U0001f4bb', 'anna\U0001f469\U0001f4bb'))
T('fn', 'one letter, digits, hyphen', ('J.', 'j'), ('\u00c9', '\u00e9'), ('Anne-Marie', 'annemarie'), ('Ana 2', 'ana2'), ('R2-D2', 'r2d2'))
T('fn', 'full Unicode lower-casing', ('\u00c6SA', '\u00e6sa'), ('\u0141UKASZ', '\u0142ukasz'), ('\u00d8YVIND', '\u00f8yvind'), ('\u01c4emal', '\u01c6emal'), ('\u01c5emal', '\u01c6emal'), ('\uff2d\uff21\uff32\uff39', '\uff4d\uff41\uff52\uff59'), ('\U00010400', '\U00010428'))
T('fn', 'NFC before hashing, also after removals and lower-casing', ('J\u030c', '\u01f0'), ('e\u200b\u0301va', '\u00e9va'), (nfd('Nguy\u1ec5n'), 'nguy\u1ec5n'), ('Nguye\u0302\u0303n', 'nguy\u1ec5n'))
T('ln', 'blanks and titles', ('van der Berg', 'vanderberg'), ('de la Cruz', 'delacruz'), ('Nu\u00f1ez-Pe\u00f1a', 'nu\u00f1ezpe\u00f1a'), ('McDonald, Jr.', 'mcdonaldjr'))

# ------------------------------------------------------------------ birth
T('db', 'day and month unclear', ('03/04/1980', N), ('3.4.1980', N), ('12-11-1990', N), ('01 02 2000', N))
T('db', 'order stated', ('03/04/1980', '19800403'), ('3.4.1980', '19800403'), ('12-11-1990', '19901112'), ('25.12.1985', '19851225'), ('12/25/1985', '19851225'), ('31/02/1990', N), order='day_first')
T('db', 'order stated', ('03/04/1980', '19800304'), ('3.4.1980', '19800304'), ('12-11-1990', '19901211'), ('25/12/1985', '19851225'), ('12/25/1985', '19851225'), ('02/31/1990', N), order='month_first')
T('db', 'same day and month', ('05/05/1985', '19850505'), ('1.1.1970', '19700101'))
T('db', 'one number above 12', ('16.2.1997', '19970216'), ('2/16/1997', '19970216'), ('31-12-1999', '19991231'))
T('db', 'year first', ('1980-03-04', '19800304'), ('1980/3/4', '19800304'), ('1980.13.04', '19800413'), ('1980 04 03', '19800403'))
T('db', 'year in the middle, two-digit year, two years', ('12-1990-31', N), ('12/31/90', N), ('90-12-31', N), ('1990-1991-12', N))
T('db', 'eight digits', ('19800304', '19800304'), ('19801332', N), ('19800230', N), ('31121980', N), ('99999999', N), ('00000000', N))
T('db', 'no such day', ('31/02/1990', N), ('1990-02-30', N), ('31.04.1990', N), ('29/02/1999', N), ('1900-02-29', N), ('1990-06-31', N), ('0000-00-00', N), ('1990-00-15', N))
T('db', 'leap days', ('29.02.2000', '20000229'), ('1996-02-29', '19960229'))
T('db', 'before 1900 or in the future', ('1899-12-31', N), ('1850-06-15', N), ('1876-01-20', N), ('1900-01-01', '19000101'), ('2999-01-15', N), ('31/12/2150', N))
T('db', 'ISO date-time', ('1990-12-31T23:59:59Z', '19901231'), ('1990-12-31 00:00:00', '19901231'), ('1990-12-31T00:00:00+02:00', '19901231'), ('1990-12-31T00:00:00.000Z', '19901231'))
T('db', 'name of the month', ('Dec 31, 1990', '19901231'), ('31 December 1990', '19901231'), ('31. Dezember 1990', '19901231'), ('31 déc. 1990', '19901231'), ('31 de diciembre de 1990', '19901231'), ('1990 Nov 27', '19901127'), ('27-NOV-1990', '19901127'), ('1er mai 1990', '19900501'), ('27 ноября 1990 г.', '19901127'), ('1990年11月27日', '19901127'), ('1990년 11월 27일', '19901127'), ('27 Nov 90', N), ('Nov 1990', N), ('31 April 1990', N), ('27 listopada 1990', N), ('27 Nov Dec 1990', N))
T('db', 'too few groups', ('1990', N), ('1990-12', N), ('641779200', N))

# ------------------------------------------------------------------ gender
T('ge', 'case and blanks', ('F', 'f'), (' FeMaLe ', 'f'), ('\u00a0M\u00a0', 'm'), ('WOMAN', 'f'), ("MA'AM", 'f'), ('Mr', 'm'), ('Mrs', 'f'))
T('ge', 'invisible characters', ('m\u200b', 'm'), ('fe\u00admale', 'f'), ('\ufefff', 'f'))
T('ge', 'other words', ('w', N), ('h', N), ('1', N), ('2', N), ('other', N), ('diverse', N), ('non-binary', N), ('m/f', N), ('fe male', N), ('Fr.', N), ('male.', N), ('mf', N), ('females', N))

T('ge', 'words of other languages', ('homme', 'm'), ('femme', 'f'), ('weiblich', 'f'), ('m\u00e4nnlich', 'm'), ('M\u00c4NNLICH', 'm'), ('mujer', 'f'), ('hombre', 'm'), ('\u7537', 'm'), ('\u5973', 'f'), ('Herr', 'm'), ('Frau', 'f'), ('Mr.', 'm'), ('Sra.', 'f'), ('Ma\u2019am', 'f'), ('M\u0130SS', 'f'), ('mannlich', 'm'), ('\u0436\u0435\u043d\u0449\u0438\u043d\u0430', 'f'))

# ------------------------------------------------------------------ city
T('ct', 'accents kept, composed and decomposed', ('San Jos\u00e9', 'sanjos\u00e9'), (nfd('San Jos\u00e9'), 'sanjos\u00e9'), ('Montr\u00e9al', 'montr\u00e9al'), ('S\u00e3o Paulo', 's\u00e3opaulo'), ('Z\u00dcRICH', 'z\u00fcrich'), ('\u0141\u00f3d\u017a', '\u0142\u00f3d\u017a'), ('K\u00d8BENHAVN', 'k\u00f8benhavn'))
T('ct', 'sharp s, Turkish i, final sigma', ('Gie\u00dfen', 'gie\u00dfen'), ('\u0130stanbul', 'i\u0307stanbul'), ('Diyarbak\u0131r', 'diyarbak\u0131r'), ('\u0391\u0393\u0399\u039f\u03a3 \u039d\u0399\u039a\u039f\u039b\u0391\u039f\u03a3', '\u03b1\u03b3\u03b9\u03bf\u03c2\u03bd\u03b9\u03ba\u03bf\u03bb\u03b1\u03bf\u03c2'))
T('ct', 'other scripts with their marks', ('\u6771\u4eac', '\u6771\u4eac'), ('\u5317 \u4eac', '\u5317\u4eac'), ('\u041c\u041e\u0421\u041a\u0412\u0410', '\u043c\u043e\u0441\u043a\u0432\u0430'), ('\u0645\u0643\u0629 \u0627\u0644\u0645\u0643\u0631\u0645\u0629', '\u0645\u0643\u0629\u0627\u0644\u0645\u0643\u0631\u0645\u0629'), ('\u0926\u093f\u0932\u094d\u0932\u0940', '\u0926\u093f\u0932\u094d\u0932\u0940'), ('\u092e\u0941\u0902\u092c\u0908', '\u092e\u0941\u0902\u092c\u0908'), (nfd('\uc11c\uc6b8'), '\uc11c\uc6b8'), ('\u0e40\u0e0a\u0e35\u0e22\u0e07\u0e43\u0e2b\u0e21\u0e48', '\u0e40\u0e0a\u0e35\u0e22\u0e07\u0e43\u0e2b\u0e21\u0e48'))
T('ct', 'punctuation and symbols dropped', ('Val-d\u2019Or', 'valdor'), ("L'Aquila", 'laquila'), ("'s-Hertogenbosch", 'shertogenbosch'), ('St. John\u2019s', 'stjohns'), ('Biel/Bienne', 'bielbienne'), ('Frankfurt (Main)', 'frankfurtmain'), ('Paris\u2122', 'paris'), ('Rome \U0001f600', 'rome'), ('Stoke\u2013on\u2013Trent', 'stokeontrent'), ('\u20acville', 'ville'))
T('ct', 'blanks and invisible characters', ('New\u00a0York', 'newyork'), ('New\u200bYork', 'newyork'), ('New\u3000York', 'newyork'), ('\u200eNew York\u200f', 'newyork'), ('New\u00adYork', 'newyork'))
T('ct', 'digits', ('Paris 15', 'paris15'), ('Sector 17', 'sector17'), ('6 October City', N), ('29 Palms', N), ('...9London', N), ('(1)Paris', N), ('\uff11\u4e01\u76ee', N), ('\u0661\u0665 \u0645\u0627\u064a\u0648', N), ('\u6771\u4eac23\u533a', '\u6771\u4eac23\u533a'), ('\u6771\u4eac\uff12\uff13\u533a', '\u6771\u4eac\uff12\uff13\u533a'), ('75001 Paris', N))
T('ct', 'nothing left', ('\u2014', N), ('\U0001f600', N), ('\u2019', N))

# ------------------------------------------------------------------ state
T('st', 'names of US states, DC, territories', ('West Virginia', 'wv'), ('Virginia', 'va'), ('Washington', 'wa'), ('Washington DC', 'dc'), ('Washington, D.C.', 'dc'), ('District of Columbia', 'dc'), ('D.C.', 'dc'), ('Puerto Rico', 'pr'), ('Guam', 'gu'), ('American Samoa', 'as'), ('Northern Mariana Islands', 'mp'), ('Alaska', 'ak'), ('Hawaii', 'hi'), ('Kentucky', 'ky'), ('Arkansas', 'ar'), ('NEW JERSEY', 'nj'), ('N. Y.', 'ny'))
T('st', 'the same with country us', ('West Virginia', 'wv'), ('Washington DC', 'dc'), ('Puerto Rico', 'pr'), ('New\u00a0York', 'ny'), ('North\u200bCarolina', 'nc'), ('Georgia', 'ga'), ('CA 94105', 'ca'), ('Calif\u00adornia', 'ca'), country='us')
T('st', 'Canadian provinces', ('Ontario', 'on'), ('Prince Edward Island', 'pe'), ('Newfoundland and Labrador', 'nl'), ('British Columbia', 'bc'), ('Quebec', 'qc'), country='ca')
T('st', 'Canadian provinces', ('Ontario', 'on'), ('Saskatchewan', 'sk'), ('Nova Scotia', 'ns'), ('Nunavut', 'nu'), ('Northwest Territories', 'nt'))
T('st', 'US and Canadian names work for either country', ('Ontario', 'on', 'us'), ('California', 'ca', 'ca'))
T('st', 'names stay elsewhere', ('Georgia', 'georgia', 'ge'), ('California', 'california', 'mx'), ('Victoria', 'victoria', 'au'), ('Washington', 'washington', 'gb'), ('Ontario', 'ontario', 'gb'), ('Alberta', 'alberta', 'it'), ('Maine', 'maine', 'fr'), ('Montana', 'montana', 'bg'))
T('st', 'Georgia without a country', ('Georgia', 'ga'))
T('st', 'never cut to two letters', ('New South Wales', 'newsouthwales'), ('NSW', 'nsw'), ('Bayern', 'bayern'), ('Nordrhein-Westfalen', 'nordrheinwestfalen'), ('Lombardia', 'lombardia'), ('Western Australia', 'westernaustralia'), ('Tokyo', 'tokyo'))
T('st', 'never cut to two letters', ('New South Wales', 'newsouthwales', 'au'), ('NSW', 'nsw', 'au'), ('NRW', 'nrw', 'de'), ('Jalisco', 'jalisco', 'mx'))
T('st', 'never a contained name', ('Kansas City', 'kansascity'), ('Lower California', 'lowercalifornia'), ('Mainelandia', 'mainelandia'))
T('st', 'accents and scripts kept', ('S\u00e3o Paulo', 's\u00e3opaulo', 'br'), (nfd('S\u00e3o Paulo'), 's\u00e3opaulo', 'br'), ('\u00cele-de-France', '\u00eeledefrance', 'fr'), ('Th\u00dcRINGEN', 'th\u00fcringen', 'de'), ('\u6771\u4eac\u90fd', '\u6771\u4eac\u90fd', 'jp'), ('\u092e\u0939\u093e\u0930\u093e\u0937\u094d\u091f\u094d\u0930', '\u092e\u0939\u093e\u0930\u093e\u0937\u094d\u091f\u094d\u0930', 'in'), ('\uacbd\uae30\ub3c4', '\uacbd\uae30\ub3c4', 'kr'), ('\u041c\u041e\u0421\u041a\u041e\u0412\u0421\u041a\u0410\u042f', '\u043c\u043e\u0441\u043a\u043e\u0432\u0441\u043a\u0430\u044f', 'ru'), ('\u0391\u03a4\u03a4\u0399\u039a\u0397\u03a3', '\u03b1\u03c4\u03c4\u03b9\u03ba\u03b7\u03c2', 'gr'), ('\u0130zmir', 'i\u0307zmir', 'tr'))
T('st', 'digits and symbols dropped', ('75', N), ('FR-75', 'fr', 'fr'), ('13', N), ('\u0661\u0662', N), ('\U0001f600', N))
T('st', 'short ones stay', ('zz', 'zz'), ('Qc', 'qc'), ('ny', 'ny', 'de'))

# ------------------------------------------------------------------ postcode
T('zp', 'dashes dropped', ('00-950', '00950'), ('100-0001', '1000001'), ('01310-100', '01310100'), ('1000-205', '1000205'), ('CH-8001', 'ch8001'), ('SE-111 22', 'se11122'))
T('zp', 'dashes dropped, country given', ('00-950', '00950', 'pl'), ('100-0001', '1000001', 'jp'), ('01310-100', '01310100', 'br'), ('1000-205', '1000205', 'pt'), ('110-00', '11000', 'cz'), ('D-10115', 'd10115', 'de'))
T('zp', 'other dashes', ('00\u2013950', '00950'), ('100\u20120001', '1000001'), ('100\uff0d0001', '1000001'), ('00\u2010950', '00950'), ('00\u2011950', '00950'), ('00\u2014950', '00950'))
T('zp', 'ZIP+4', ('02138-1234', '02138'), ('94102 - 5678', '94102'))
T('zp', 'ZIP+4', ('02138-1234', '02138'), ('021381234', '02138'), ('02138 1234', '02138'), ('02138\u20131234', '02138'), ('02138', '02138'), country='us')
T('zp', '5+4 elsewhere is no ZIP+4', ('12345-6789', '123456789', 'sa'), ('12345-6789', '123456789', 'de'))
T('zp', '5+5 and 5+3 are no ZIP+4', ('12345-67890', '1234567890'), ('12345-678', '12345678'))
T('zp', 'zero not invented', ('2138', '2138'), ('2138', '2138', 'us'), ('501', '501', 'us'), ('1234', '1234', 'de'))
T('zp', 'United Kingdom and others with blanks', ('SW1A 1AA', 'sw1a1aa'), ('sw1a\u00a01aa', 'sw1a1aa'), ('M1 1AE', 'm11ae', 'gb'), ('SW1A 1AA', 'sw1a1aa', 'gb'), ('K1A 0B1', 'k1a0b1', 'ca'), ('1012 AB', '1012ab', 'nl'), ('D02 AF30', 'd02af30', 'ie'))
T('zp', 'invisible characters', ('SW1A\u200b1AA', 'sw1a1aa'), ('02\u00ad138', '02138'), ('\ufeff10115', '10115'), ('\u200e10115\u200f', '10115'))
T('zp', 'under two characters', ('7', N), ('-7-', N), (' a', N), ('---', N), ('\u2014', N))

# ------------------------------------------------------------------ country
T('country', 'uk', ('UK', 'gb'), ('uk', 'gb'), ('U.K.', 'gb'), ('GB', 'gb'), ('Great Britain', 'gb'), ('United Kingdom', 'gb'))
T('country', 'alpha-3', ('CHN', 'cn'), ('AUT', 'at'), ('AUS', 'au'), ('GBR', 'gb'), ('deu', 'de'), ('U.S.A.', 'us'), ('KOR', 'kr'), ('PRK', 'kp'), ('CHE', 'ch'), ('SVN', 'si'), ('SVK', 'sk'), ('PRT', 'pt'), ('EST', 'ee'), ('IND', 'in'))
T('country', 'alpha-2', ('U.S.', 'us'), ('\u00a0de\u00a0', 'de'), ('d\u200be', 'de'), ('\u200eFR\u200f', 'fr'), ('at', 'at'), ('ch', 'ch'), ('cn', 'cn'))
T('country', 'names', ('United States of America', 'us'), ('Austria', 'at'), ('Australia', 'au'), ('Switzerland', 'ch'), ('Slovenia', 'si'), ('Slovakia', 'sk'), ('South Korea', 'kr'), ('North Korea', 'kp'), ('Georgia', 'ge'), ('Puerto Rico', 'pr'), ('Niger', 'ne'), ('Nigeria', 'ng'), ('Dominica', 'dm'), ('Dominican Republic', 'do'), ('Guinea', 'gn'), ('Guinea-Bissau', 'gw'), ('Papua New Guinea', 'pg'), ('Equatorial Guinea', 'gq'), ('Samoa', 'ws'), ('American Samoa', 'as'), ('Oman', 'om'), ('Romania', 'ro'), ('Mali', 'ml'), ('Somalia', 'so'), ('Sudan', 'sd'), ('South Sudan', 'ss'), ('Jersey', 'je'), ('Ireland', 'ie'), ('Iran', 'ir'), ('Viet Nam', 'vn'), ('Czechia', 'cz'), ('North Macedonia', 'mk'), ('Eswatini', 'sz'), ('Cabo Verde', 'cv'), ('Cape Verde', 'cv'), ('Hong Kong', 'hk'), ('Taiwan', 'tw'), ('Laos', 'la'), ('Holy See (Vatican City State)', 'va'), ('Korea, Republic of', 'kr'), ('Tanzania, United Republic of', 'tz'), ('Saint Lucia', 'lc'))
T('country', 'Congo', ('Congo', 'cg'), ('Congo, The Democratic Republic of the', 'cd'), ('COG', 'cg'), ('COD', 'cd'))
T('country', 'accents significant, unaccented aliases', ('C\u00f4te d\u2019Ivoire', 'ci'), ("C\u00f4te d'Ivoire", 'ci'), (nfd("C\u00d4TE D'IVOIRE"), 'ci'), ('Cura\u00e7ao', 'cw'), ('Curacao', 'cw'), ('R\u00e9union', 're'), ('Reunion', 're'), ('\u00c5land Islands', 'ax'), ('Aland Islands', 'ax'), ('T\u00fcrkiye', 'tr'), ('Turkiye', 'tr'), ('Turkey', 'tr'), (nfd('T\u00fcrkiye'), 'tr'), ('Saint Barth\u00e9lemy', 'bl'))
T('country', 'accents of codes are significant, of names not', ('\u00daS', N), (nfd('\u00dcS'), N), ('Germ\u00e4ny', 'de'), ('Jap\u0101n', 'jp'))
T('country', 'never guessed', ('Korea', N))
T('country', 'never cut or contained', ('Jerusalem', N), ('Indiana', N), ('New Jersey', N), ('California', N), ('Texas, USA', N), ('Deutsch', N), ('US - United States', N), ('Germany (DE)', N), ('en-US', N), ('DE-BY', N), ('GB-ENG', N), ('Nova Scotia', N), ('London', N), ('Germa', N), ('United', N), ('Unite States', N))
T('country', 'not assigned codes', ('xx', N), ('zz', N), ('XK', N), ('EU', N), ('AN', N), ('YU', N), ('SU', N), ('EL', N), ('XYZ', N), ('q', N))
T('country', 'digits and symbols dropped', ('840', N), ('US-1', 'us'), ('\U0001f600', N), ('(DE)', 'de'))

# ------------------------------------------------------------------ external id
T('external_id', 'lower-case, no blanks, punctuation stays', (' Cust 42-B ', 'cust42-b'), ('CUST\u00a042', 'cust42'), ('a/b:c', 'a/b:c'), ('007', '007'), ('7', '7'), ('0', '0'), ('---', '---'), ('user@example.com', 'user@example.com'), ('1.23E+12', '1.23e+12'), ('\u3000x\u2028y', 'xy'))
T('external_id', 'invisible characters removed', ('cu\u200bst', 'cust'), ('\ufeffcust', 'cust'), ('cu\u00adst\u200f', 'cust'))
T('external_id', 'Unicode', ('Jose\u0301-1', 'jos\u00e9-1'), ('STRA\u1e9eE', 'stra\u00dfe'), ('\u0130D-1', 'i\u0307d-1'), ('\u0391\u03a3 \u0392\u03a3', '\u03b1\u03c2\u03b2\u03c2'), ('\u5ba2\u6237 9', '\u5ba2\u62379'), ('\uff11\uff12', '\uff11\uff12'), ('O\u2019Brien', 'o\u2019brien'))
T('external_id', 'UUID', ('F47AC10B-58CC-4372-A567-0E02B2C3D479', 'f47ac10b-58cc-4372-a567-0e02b2c3d479'), ('F47AC10B58CC4372A5670E02B2C3D479', 'f47ac10b58cc4372a5670e02b2c3d479'))
T('external_id', '64 hex is a digest here too', ('  ' + H.upper() + ' ', H))

# ------------------------------------------------------------------ unhashed keys
U = '6d92078a-8246-4ba4-ae5b-76104861e7dc'
T('madid', 'sent in clear', (U.upper(), U), (' ' + U + '\n', U), ('\u00a0' + U.upper() + '\u00a0', U), ('\ufeff' + U, U), (U + '\u200b', U))
T('madid', 'all zero', ('00000000-0000-0000-0000-000000000000', N))
T('fbc', 'case kept', ('fb.1.1554763741205.AbCdEfGhIjKlMnOpQrStUvWxYz1234567890', 'fb.1.1554763741205.AbCdEfGhIjKlMnOpQrStUvWxYz1234567890'), ('fb.1.1554763741205.AbCd.AQQCAQAB', 'fb.1.1554763741205.AbCd.AQQCAQAB'), (' fb.2.1554763741205.AbCd ', 'fb.2.1554763741205.AbCd'))
T('fbc', 'shape', ('fb.3.1554763741205.AbCd', N), ('fb.1.abc.AbCd', N), ('AbCd', N), ('fb.1.1554763741205', N))
T('fbp', 'shape', ('fb.1.1558571054389.1098115397', 'fb.1.1558571054389.1098115397'), ('fb.1.1558571054389', N), ('1098115397', N))
T('client_ip_address', 'canonical text', (' 192.0.2.1 ', '192.0.2.1'), ('2001:0DB8:0000:0000:0000:0000:0000:0001', '2001:db8::1'), ('2001:DB8::1', '2001:db8::1'), ('192.168.1.1', '192.168.1.1'))
T('client_ip_address', 'not an address', ('192.0.2.256', N), ('192.0.2', N), ('example.com', N), ('192.0.2.1:8080', N))
T('lead_id', 'plain number', ('525645896321548', '525645896321548'), (' 1234567890123456 ', '1234567890123456'), ('abc', N), ('12.5', N), ('-525645896321548', N))

# ------------------------------------------------------------------ write
out, bad, seen = [], 0, set()
for field, inp, want, about, cc, order in C:
    key = (field, inp, cc, order)
    if key in seen:
        continue
    seen.add(key)
    r = clean.FIELDS[field](inp, cc, order=order)
    if r.text != want:
        bad += 1
        print('DISAGREE', field, ascii(inp), cc, order, 'by hand', ascii(want), 'clean.py', r)
        continue
    if r.text is not None:                                    # twice = once
        again = clean.FIELDS[field](r.text, cc, order=order)
        if again.text != r.text:
            print('not idempotent', field, ascii(inp), r, again)
            bad += 1
    row = {'field': field, 'input': inp}
    if cc: row['country'] = cc
    if order: row['order'] = order
    row.update(normalized=r.text, sha256=r.digest)
    if r.reason: row['reason'] = r.reason
    row['about'] = about
    out.append(json.dumps(row, ensure_ascii=True))
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, 'answers.jsonl'), 'w') as answers:
    answers.write('\n'.join(out) + '\n')
print(len(out), 'lines,', bad, 'disagree')
sys.exit(1 if bad else 0)
