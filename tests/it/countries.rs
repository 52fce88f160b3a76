//! Names of countries in many languages, written down from how people and forms write them.

use meta_offline_events::value::{Country, InvalidValue, Rule};
use unicode_normalization::UnicodeNormalization as _;

/// The code, then names in languages of their own.
#[rustfmt::skip]
const NAMES: &[(&str, &[&str])] = &[
    ("ad", &["Andorra", "Andorre", "Андорра", "アンドラ"]),
    ("ae", &["Vereinigte Arabische Emirate", "Emiratos Árabes Unidos", "Émirats arabes unis", "الإمارات العربية المتحدة", "阿拉伯联合酋长国"]),
    ("al", &["Shqipëri", "Shqiperi", "Albanien", "Albanie", "Arnavutluk"]),
    ("am", &["Հայաստան", "Arménie", "Ermenistan", "Армения"]),
    ("ar", &["Argentinien", "Argentine", "Arjantin", "Аргентина", "アルゼンチン"]),
    ("at", &["Österreich", "ÖSTERREICH", "Oesterreich", "Autriche", "Avusturya", "Áo", "Ausztria", "Rakousko", "Itävalta", "オーストリア", "النمسا"]),
    ("au", &["Australien", "Australie", "Avustralya", "Úc", "オーストラリア", "澳大利亚"]),
    ("az", &["Azərbaycan", "Azerbaycan", "Azerbaïdjan", "Азербайджан"]),
    ("ba", &["Bosna i Hercegovina", "Bosnien und Herzegowina", "Босна и Херцеговина", "Bosna ve Hersek"]),
    ("bd", &["বাংলাদেশ", "Bangladesch", "孟加拉国"]),
    ("be", &["België", "Belgique", "Belgien", "Bélgica", "Belçika", "Belcika", "Belgia", "Бельгия", "ベルギー"]),
    ("bg", &["България", "Bulgarien", "Bulgarie", "Bulgaristan"]),
    ("bh", &["البحرين", "Bahreïn"]),
    ("br", &["Brasil", "BRASIL", "Brésil", "Brasilien", "Brezilya", "Brazílie", "Бразилия", "ब्राज़ील", "ブラジル", "브라질", "巴西"]),
    ("by", &["Беларусь", "Weißrussland", "WEISSRUSSLAND", "Belarus", "Białoruś", "Bialorus"]),
    ("ca", &["Kanada", "Canadá", "Канада", "カナダ", "캐나다", "加拿大", "كندا"]),
    ("cd", &["Demokratische Republik Kongo", "République démocratique du Congo", "Congo-Kinshasa"]),
    ("cg", &["Congo-Brazzaville", "République du Congo"]),
    ("ch", &["Schweiz", "Suisse", "Svizzera", "Svizra", "Suiza", "Suíça", "Suica", "İsviçre", "Isvicre", "Švýcarsko", "Szwajcaria", "スイス", "瑞士", "Schweizerische Eidgenossenschaft"]),
    ("ci", &["Côte d'Ivoire", "Cote d’Ivoire", "Costa de Marfil", "Elfenbeinküste", "Elfenbeinkueste", "Fildişi Sahili"]),
    ("cl", &["Chili", "Şili", "チリ"]),
    ("cn", &["中国", "中國", "Chine", "Cina", "Kina", "Çin", "Chiny", "Китай", "चीन", "중국", "الصين"]),
    ("co", &["Kolumbien", "Colombie", "Kolombiya", "Колумбия"]),
    ("cr", &["Kosta Rika", "哥斯达黎加"]),
    ("cu", &["Kuba", "Küba", "Куба"]),
    ("cv", &["Kap Verde", "Cap-Vert"]),
    ("cy", &["Κύπρος", "ΚΥΠΡΟΣ", "Zypern", "Chypre", "Kıbrıs", "Kibris"]),
    ("cz", &["Česko", "Cesko", "Česká republika", "Tschechien", "Tchéquie", "Czechy", "Çekya", "Чехия", "República Checa"]),
    ("de", &["Deutschland", "DEUTSCHLAND", "Allemagne", "Alemania", "Alemanha", "Germania", "Duitsland", "Tyskland", "Niemcy", "Německo", "Nemecko", "Németország", "Saksa", "Almanya", "Германия", "Γερμανία", "ドイツ", "독일", "德国", "德國", "ألمانيا", "المانيا", "जर्मनी", "เยอรมนี", "Đức", "Bundesrepublik Deutschland"]),
    ("dk", &["Danmark", "Dänemark", "Daenemark", "Danemark", "Dinamarca", "Danimarka", "Tanska", "Đan Mạch", "Dan Mach"]),
    ("dm", &["Dominica", "Dominique"]),
    ("do", &["República Dominicana", "Dominikanische Republik", "République dominicaine"]),
    ("dz", &["الجزائر", "Algerien", "Algérie", "Cezayir"]),
    ("ee", &["Eesti", "Estland", "Estonie", "Эстония"]),
    ("eg", &["مصر", "Ägypten", "Aegypten", "Égypte", "Egipto", "Mısır"]),
    ("es", &["España", "ESPANA", "Spanien", "Espagne", "Spagna", "Espanha", "Spanje", "Hiszpania", "Španělsko", "İspanya", "Испания", "スペイン", "西班牙", "Reino de España"]),
    ("et", &["ኢትዮጵያ", "Äthiopien", "Éthiopie"]),
    ("fi", &["Suomi", "Finnland", "Finlande", "Finlandia", "Финляндия", "フィンランド"]),
    ("fr", &["Frankreich", "Francia", "França", "Franca", "Frankrijk", "Frankrike", "Francja", "Francie", "Fransa", "Франция", "Γαλλία", "フランス", "프랑스", "法国", "فرنسا", "Pháp", "République française"]),
    ("gb", &["Großbritannien", "Vereinigtes Königreich", "Royaume-Uni", "Reino Unido", "Regno Unito", "Verenigd Koninkrijk", "Wielka Brytania", "Birleşik Krallık", "Великобритания", "イギリス", "영국", "英国", "المملكة المتحدة"]),
    ("ge", &["საქართველო", "Georgien", "Géorgie", "Gürcistan", "Грузия"]),
    ("gn", &["Guinée", "Guinea"]),
    ("gq", &["Guinea Ecuatorial", "Äquatorialguinea", "Guinée équatoriale"]),
    ("gr", &["Ελλάδα", "ΕΛΛΑΔΑ", "Griechenland", "Grèce", "Grecia", "Yunanistan", "Греция", "Řecko"]),
    ("gw", &["Guiné-Bissau", "Guinea-Bissau"]),
    ("hk", &["香港", "Hongkong"]),
    ("hr", &["Hrvatska", "Kroatien", "Croatie", "Chorwacja", "Hırvatistan", "Хорватия"]),
    ("hu", &["Magyarország", "Ungarn", "Hongrie", "Hungría", "Ungheria", "Węgry", "Wegry", "Macaristan", "Венгрия"]),
    ("id", &["Indonesien", "Indonésie", "Endonezya", "印度尼西亚"]),
    ("ie", &["Irland", "Irlande", "Éire", "Eire", "Irlanda", "İrlanda", "Ирландия", "アイルランド"]),
    ("il", &["ישראל", "Israël", "İsrail", "Израиль", "إسرائيل"]),
    ("in", &["भारत", "Indien", "Inde", "Hindistan", "Индия", "インド", "인도", "印度", "இந்தியா", "ഇന്ത്യ", "ಭಾರತ", "ভারত"]),
    ("iq", &["العراق", "Irak"]),
    ("ir", &["ایران", "إيران", "Iran"]),
    ("is", &["Ísland", "Island", "Islande", "IJsland", "İzlanda"]),
    ("it", &["Italia", "Italien", "Italie", "Itália", "Włochy", "Wlochy", "Itálie", "Olaszország", "İtalya", "Италия", "Ιταλία", "イタリア", "이탈리아", "意大利"]),
    ("jp", &["日本", "Japon", "Japón", "Giappone", "Japão", "Japao", "Japonia", "Japonya", "Япония", "일본", "اليابان", "ญี่ปุ่น", "Nhật Bản", "Nhat Ban"]),
    ("ke", &["Kenia", "Кения"]),
    ("kp", &["Nordkorea", "Corée du Nord", "Corea del Norte", "Северная Корея", "북한"]),
    ("kr", &["대한민국", "한국", "韓国", "韩国", "Südkorea", "Suedkorea", "Corée du Sud", "Corea del Sur", "Güney Kore", "Южная Корея"]),
    ("kz", &["Қазақстан", "Kasachstan", "Казахстан", "Kazakistan"]),
    ("lb", &["لبنان", "Liban", "Libanon"]),
    ("lk", &["ශ්‍රී ලංකාව", "ශ්රී ලංකාව", "இலங்கை", "Шри-Ланка"]),
    ("lt", &["Lietuva", "Litauen", "Lituanie", "Litwa", "Литва"]),
    ("lu", &["Luxemburg", "Lëtzebuerg", "Lussemburgo", "Lüksemburg", "Люксембург"]),
    ("lv", &["Latvija", "Lettland", "Lettonie", "Łotwa", "Lotwa", "Latvia"]),
    ("ma", &["المغرب", "Marokko", "Maroc", "Marruecos", "Fas"]),
    ("mf", &["Saint-Martin", "St. Martin"]),
    ("mk", &["Северна Македонија", "Nordmazedonien", "Macédoine du Nord"]),
    ("mm", &["မြန်မာ", "Birmanie", "Myanmar (Birma)", "ミャンマー"]),
    ("mx", &["México", "Mexiko", "Mexique", "Messico", "Meksyk", "Meksika", "Мексика", "メキシコ"]),
    ("my", &["Malaysia", "Malaisie", "Malasia", "Malezya", "マレーシア", "马来西亚"]),
    ("ne", &["Níger", "Нигер", "Nijer"]),
    ("ng", &["Nijerya", "Nigéria", "Нигерия", "ナイジェリア"]),
    ("nl", &["Nederland", "Niederlande", "Pays-Bas", "Países Bajos", "Paesi Bassi", "Holandia", "Hollanda", "Нидерланды", "オランダ", "荷兰"]),
    ("no", &["Norge", "Noreg", "Norwegen", "Norvège", "Noruega", "Norveç", "Norja", "Норвегия"]),
    ("np", &["नेपाल", "Népal"]),
    ("nz", &["Neuseeland", "Nouvelle-Zélande", "Nueva Zelanda", "Nova Zelândia", "Yeni Zelanda", "Aotearoa", "ニュージーランド"]),
    ("pe", &["Perú", "Pérou", "Перу"]),
    ("ph", &["Pilipinas", "Philippinen", "Filipinas", "フィリピン", "菲律宾"]),
    ("pk", &["پاکستان", "Pakistán", "باكستان", "पाकिस्तान"]),
    ("pl", &["Polska", "Polen", "Pologne", "Polonia", "Polonya", "Lengyelország", "Польша", "ポーランド", "波兰"]),
    ("pt", &["Portogallo", "Portugalia", "Portekiz", "Португалия", "Πορτογαλία", "ポルトガル"]),
    ("ro", &["România", "Romania", "Rumänien", "Rumaenien", "Roumanie", "Romanya", "Румыния"]),
    ("rs", &["Србија", "Srbija", "Serbien", "Serbie", "Sırbistan"]),
    ("ru", &["Россия", "РОССИЯ", "Russland", "Rußland", "Russie", "Rusia", "Rosja", "Rusya", "Росія", "ロシア", "러시아", "俄罗斯", "روسيا", "Russische Föderation"]),
    ("sa", &["السعودية", "المملكة العربية السعودية", "Saudi-Arabien", "Arabie saoudite", "Suudi Arabistan"]),
    ("se", &["Sverige", "Schweden", "Suède", "Suecia", "Svezia", "Zweden", "Szwecja", "İsveç", "Isvec", "Ruotsi", "Швеция", "スウェーデン"]),
    ("sg", &["新加坡", "Singapur", "Singapour", "சிங்கப்பூர்"]),
    ("si", &["Slovenija", "Slowenien", "Slovénie", "Slovenya"]),
    ("sk", &["Slovensko", "Slowakei", "Slovaquie", "Słowacja", "Slovakya"]),
    ("sx", &["Sint Maarten"]),
    ("sy", &["سوريا", "Syrien", "Syrie", "Suriye"]),
    ("sz", &["Eswatini", "Swasiland"]),
    ("th", &["ไทย", "ประเทศไทย", "Tailandia", "Thaïlande", "Tayland", "タイ", "泰国"]),
    ("tn", &["تونس", "Tunesien", "Tunisie", "Tunus"]),
    ("tr", &["Türkiye", "TURKIYE", "TÜRKİYE", "Türkei", "Tuerkei", "Turquie", "Turquía", "Turcja", "Törökország", "Турция", "トルコ"]),
    ("tw", &["台灣", "台湾", "Taïwan", "Тайвань", "대만"]),
    ("tz", &["Tansania", "Tanzanie"]),
    ("ua", &["Україна", "Украина", "Ukraina", "Ukrajina", "Ucrania", "Ukrayna", "ウクライナ"]),
    ("us", &["Vereinigte Staaten", "États-Unis", "ETATS UNIS", "Etats-Unis", "Estados Unidos", "EE. UU.", "EUA", "Stati Uniti", "Verenigde Staten", "Stany Zjednoczone", "ABD", "Amerika Birleşik Devletleri", "США", "アメリカ合衆国", "미국", "美国", "美國", "الولايات المتحدة", "Hoa Kỳ", "Mỹ"]),
    ("uz", &["Oʻzbekiston", "O‘zbekiston", "O'zbekiston", "Usbekistan", "Узбекистан"]),
    ("vn", &["Việt Nam", "Viet Nam", "Vietnam", "Viêt Nam", "ベトナム", "越南", "Вьетнам"]),
    ("ws", &["Samoa"]),
    ("za", &["Südafrika", "Suedafrika", "Afrique du Sud", "Sudáfrica", "Suid-Afrika", "Iningizimu Afrika", "Güney Afrika", "南非"]),
];

#[test]
fn v57_names_in_many_languages_are_read() {
    let all = NAMES.iter().flat_map(|(code, names)| names.iter().map(move |name| (*code, *name)));
    let is_read = |code, name: &str| name.parse::<Country>().is_ok_and(|read| read.code() == code);
    let others: Vec<_> = all.filter(|&(code, name)| !is_read(code, name)).collect();
    assert!(others.is_empty(), "{others:?}");
    assert!(NAMES.iter().map(|(_, names)| names.len()).sum::<usize>() > 400);
}

#[test]
fn v57_without_accents_and_in_capitals_a_name_is_the_same_or_refused() {
    let mut refused = Vec::new();
    for &(code, names) in NAMES {
        for name in names {
            let plain: String =
                name.nfd().filter(|mark| !matches!(mark, '\u{300}'..='\u{36f}')).nfc().collect();
            let decomposed: String = name.nfd().collect();
            assert_eq!(decomposed.parse::<Country>(), name.parse(), "{name}");
            // Two letters in capitals are a code.
            let capitals = if plain.len() == 2 { name.to_uppercase() } else { plain.to_uppercase() };
            for text in [&plain, &capitals, &name.to_uppercase(), &name.to_lowercase()] {
                match text.parse::<Country>() {
                    Ok(read) => assert_eq!(read.code(), code, "{text}"),
                    Err(_) => refused.push(text.clone()),
                }
            }
        }
    }
    // Without their accents these are codes, or nothing.
    assert_eq!(refused, ["Ao", "Uc", "My"]);
}

#[test]
fn v34_v57_what_is_no_whole_name_is_refused() {
    for text in [
        "Jerusalem",
        "Frankfurt",
        "in Deutschland",
        "Deutschland AT",
        "Französisch",
        "Neu",
        "東",
        "中",
        "Ост",
        "東京",
    ] {
        assert_eq!(text.parse::<Country>().map_err(InvalidValue::rule), Err(Rule::UnknownCode), "{text}");
    }
    for text in ["Korea", "KOREA", "Corée", "Kongo", "Конго", "Virgin Islands", "Tschechoslowakei", "СССР"]
    {
        assert_eq!(
            text.parse::<Country>().map_err(InvalidValue::rule),
            Err(Rule::AmbiguousCountry),
            "{text}"
        );
    }
}
