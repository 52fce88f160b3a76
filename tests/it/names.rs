//! Names of many languages, each with the normal form that the stated rule gives, written by the second program in
//! `tests/known`.

use meta_offline_events::customer::{CleaningOptions, MatchKey, Normalized};

/// A language, then names with their normal forms.
#[rustfmt::skip]
const NAMES: &[(&str, &[(&str, &str)])] = &[
    ("am", &[("አበበ ቢቂላ", "አበበቢቂላ"), ("ኃይሉ", "ኃይሉ")]),
    ("ar", &[("محمد عبد الله", "محمدعبدالله"), ("فاطِمَة", "فاطِمَة"), ("أحمد", "أحمد")]),
    ("as", &[("ৰাজীৱ", "ৰাজীৱ")]),
    ("az", &[("Əliyev", "əliyev"), ("İsmayıl", "i̇smayıl"), ("Şəhla", "şəhla")]),
    ("be", &[("Святлана", "святлана"), ("Аляксандр", "аляксандр")]),
    ("bg", &[("Георги", "георги"), ("Цвѣта", "цвѣта")]),
    ("bn", &[("রবীন্দ্রনাথ ঠাকুর", "রবীন্দ্রনাথঠাকুর"), ("র\u{200d}্যাব", "র\u{200d}্যাব")]),
    ("br", &[("Yann-Ber", "yannber")]),
    ("ca", &[("Núria", "núria"), ("Gal·la", "galla")]),
    ("chr", &[("ᏍᏏᏉᏯ", "ꮝꮟꮙꮿ")]),
    ("cs", &[("Jiří", "jiří"), ("Žofie Dvořáková", "žofiedvořáková")]),
    ("cy", &[("Siân", "siân")]),
    ("da", &[("Søren Kierkegaard", "sørenkierkegaard"), ("ÅSE", "åse")]),
    ("de", &[("Jürgen Groß", "jürgengroß"), ("JÖRG STRAẞE", "jörgstraße"), ("Annegret-Maria", "annegretmaria"), ("von der Leyen", "vonderleyen")]),
    ("el", &[("ΓΙΩΡΓΟΣ", "γιωργος"), ("Αλέξανδρος Παπαδόπουλος", "αλέξανδροςπαπαδόπουλος"), ("ΝΙΚΟΣ-ΑΛΕΞΗΣ", "νικοςαλεξης")]),
    ("en", &[("O'Brien", "obrien"), ("O’Connor", "oconnor"), ("Mary-Jane", "maryjane"), ("St. John", "stjohn")]),
    ("es", &[("José María", "josémaría"), ("Íñigo Núñez", "íñigonúñez")]),
    ("et", &[("Õnne", "õnne"), ("Jüri", "jüri")]),
    ("eu", &[("Begoña", "begoña")]),
    ("fa", &[("علی\u{200c}رضا", "علی\u{200c}رضا"), ("محمد\u{200c}حسین", "محمد\u{200c}حسین"), ("زهرا", "زهرا")]),
    ("fi", &[("Äijö", "äijö"), ("Väinö", "väinö")]),
    ("fil", &[("Ma. Luz", "maluz"), ("Dela Cruz", "delacruz")]),
    ("fr", &[("François", "françois"), ("D’Artagnan", "dartagnan"), ("Anne‑Laure", "annelaure"), ("Œdipe", "œdipe")]),
    ("ga", &[("Seán Ó Súilleabháin", "seánósúilleabháin")]),
    ("gu", &[("નરેન્દ્ર મોદી", "નરેન્દ્રમોદી")]),
    ("ha", &[("Ɗanladi", "ɗanladi"), ("Ƙasimu", "ƙasimu")]),
    ("haw", &[("Kaʻiulani", "kaiulani"), ("Ka‘ahumanu", "kaahumanu")]),
    ("he", &[("דוד בן־גוריון", "דודבןגוריון"), ("צ׳רלי", "צרלי"), ("שָׂרָה", "שָׂרָה")]),
    ("hi", &[("राहुल", "राहुल"), ("श्रीदेवी", "श्रीदेवी"), ("क्\u{200d}षमा", "क्\u{200d}षमा"), ("पद्म\u{200c}नाभ", "पद्म\u{200c}नाभ")]),
    ("hr", &[("Željko Đurić", "željkođurić")]),
    ("hu", &[("Ernő", "ernő"), ("Győző Szűcs", "győzőszűcs")]),
    ("hy", &[("ԱՐԱՄ", "արամ"), ("Կարապետ", "կարապետ")]),
    ("id", &[("Siti Nur'aini", "sitinuraini")]),
    ("is", &[("Þórður", "þórður"), ("Ægir Jónsson", "ægirjónsson")]),
    ("it", &[("Niccolò", "niccolò"), ("D'Angelo", "dangelo")]),
    ("ja", &[("山田\u{3000}太郎", "山田太郎"), ("メアリー・ローズ", "メアリーローズ"), ("ﾀﾛｳ", "ﾀﾛｳ"), ("佐々木", "佐々木")]),
    ("ka", &[("გიორგი", "გიორგი"), ("ᲒᲘᲝᲠᲒᲘ", "გიორგი")]),
    ("kk", &[("Әлия", "әлия"), ("Нұрсұлтан", "нұрсұлтан")]),
    ("km", &[("សុខា", "សុខា"), ("ស្រី\u{200c}នាង", "ស្រី\u{200c}នាង")]),
    ("kn", &[("ಸುಧಾ ಮೂರ್ತಿ", "ಸುಧಾಮೂರ್ತಿ"), ("ರ\u{200d}್ಯಾಂಕ್", "ರ\u{200d}್ಯಾಂಕ್")]),
    ("ko", &[("김 민수", "김민수"), ("남궁옥분", "남궁옥분")]),
    ("lo", &[("ສົມສັກ", "ສົມສັກ")]),
    ("lt", &[("Žydrūnas", "žydrūnas")]),
    ("lv", &[("Jānis Bērziņš", "jānisbērziņš")]),
    ("mk", &[("Ѓорѓи", "ѓорѓи")]),
    ("ml", &[("ശ്രീജിത്ത്", "ശ്രീജിത്ത്"), ("അനില്\u{200d}കുമാര്", "അനില്\u{200d}കുമാര്")]),
    ("mn", &[("Батбаяр", "батбаяр"), ("ᠴᠢᠩᠭᠢᠰ", "ᠴᠢᠩᠭᠢᠰ")]),
    ("mr", &[("ज्ञानेश्वर", "ज्ञानेश्वर"), ("र\u{200d}्हस्व", "र\u{200d}्हस्व")]),
    ("mt", &[("Ġorġ", "ġorġ"), ("Ħal", "ħal")]),
    ("my", &[("အောင်ဆန်းစုကြည်", "အောင်ဆန်းစုကြည်")]),
    ("ne", &[("प्रचण्ड", "प्रचण्ड"), ("श्रेष्\u{200d}ठ", "श्रेष्\u{200d}ठ")]),
    ("nl", &[("van 't Hoff", "vanthoff"), ("IJsbrand", "ijsbrand"), ("Daniëlle", "daniëlle")]),
    ("no", &[("Bjørnstjerne Bjørnson", "bjørnstjernebjørnson")]),
    ("or", &[("ନବୀନ ପଟ୍ଟନାୟକ", "ନବୀନପଟ୍ଟନାୟକ")]),
    ("pa", &[("ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ", "ਗੁਰਪ੍ਰੀਤਸਿੰਘ")]),
    ("pl", &[("Łukasz Wójcik", "łukaszwójcik"), ("Grażyna", "grażyna")]),
    ("ps", &[("ښایسته", "ښایسته")]),
    ("pt", &[("João", "joão"), ("Conceição", "conceição")]),
    ("ro", &[("Ștefan Țepeș", "ștefanțepeș")]),
    ("ru", &[("Пётр Ильич", "пётрильич"), ("НАТАЛЬЯ", "наталья")]),
    ("si", &[("ශ්\u{200d}රී", "ශ්\u{200d}රී"), ("ක්\u{200d}රිෂාන්", "ක්\u{200d}රිෂාන්"), ("ප්\u{200d}රියංකා", "ප්\u{200d}රියංකා")]),
    ("sk", &[("Ľubomír", "ľubomír")]),
    ("sl", &[("Črt", "črt")]),
    ("sq", &[("Gëzim", "gëzim")]),
    ("sr", &[("Ђорђе", "ђорђе"), ("Ђурђа", "ђурђа")]),
    ("sv", &[("Åke Öberg", "åkeöberg")]),
    ("sw", &[("Ng'ang'a", "nganga")]),
    ("syr", &[("ܐܦܪܝܡ", "ܐܦܪܝܡ")]),
    ("ta", &[("இளையராஜா", "இளையராஜா"), ("க்\u{200c}ஷமா", "க்\u{200c}ஷமா")]),
    ("te", &[("వెంకటేష్", "వెంకటేష్"), ("రామ\u{200c}కృష్ణ", "రామ\u{200c}కృష్ణ")]),
    ("th", &[("สมชาย", "สมชาย"), ("ณัฐพงษ์", "ณัฐพงษ์")]),
    ("tr", &[("İBRAHİM", "i̇brahi̇m"), ("IŞIL", "işil"), ("Çağrı Yılmaz", "çağrıyılmaz")]),
    ("uk", &[("Мар'яна", "маряна"), ("Лук’яненко", "лукяненко"), ("Лукʼяненко", "лукяненко")]),
    ("ur", &[("عمران\u{200c}خان", "عمران\u{200c}خان"), ("نور جہاں", "نورجہاں")]),
    ("uz", &[("Oʻgʻiloy", "ogiloy"), ("O‘g‘iloy", "ogiloy"), ("Ma'mur", "mamur")]),
    ("vi", &[("Nguyễn Thị Ánh", "nguyễnthịánh"), ("Đặng", "đặng")]),
    ("yo", &[("Adébáyọ̀", "adébáyọ̀"), ("Ṣọlá", "ṣọlá")]),
    ("zh", &[("李 小明", "李小明"), ("歐陽·修", "歐陽修")]),
    ("zu", &[("Nkosazana", "nkosazana")]),
];

#[test]
fn v39_v58_names_of_many_languages_have_their_normal_forms() {
    let options = CleaningOptions::default();
    let mut others = Vec::new();
    for &(language, names) in NAMES {
        for &(raw, expected) in names {
            for key in [MatchKey::FirstName, MatchKey::LastName] {
                let read = key.normalize(raw, &options);
                if read.as_ref().map(Normalized::text) != Ok(expected) {
                    others.push((language, raw));
                }
                assert_eq!(key.normalize(expected, &options), read, "{language}: once is enough");
            }
        }
    }
    assert!(NAMES.len() > 75);
    assert!(others.is_empty(), "{others:?}");
}
