//! Official forms of names by rule: a title such as `Republic of`, before a name or behind it.

use std::collections::HashSet;
use std::sync::LazyLock;

use foldhash::quality::RandomState;

use super::fold::{Accents, fold};

/// What states are called in a language, and what may stand between that and the name in its usual form. Languages
/// that change the name itself there are not in the table.
struct Titles {
    titles: &'static [&'static str],
    links: &'static [&'static str],
}

#[rustfmt::skip]
const TITLES: &[Titles] = &[
    // English
    Titles {
        titles: &["Republic", "Federal Republic", "Federative Republic", "Democratic Republic", "Federal Democratic Republic", "People's Republic", "People's Democratic Republic", "Democratic People's Republic", "Socialist Republic", "Democratic Socialist Republic", "Islamic Republic", "Arab Republic", "United Republic", "Bolivarian Republic", "Cooperative Republic", "Eastern Republic", "Oriental Republic", "Republic of the Union", "Kingdom", "Hashemite Kingdom", "Principality", "Grand Duchy", "Duchy", "Sultanate", "Emirate", "Islamic Emirate", "State", "Independent State", "Plurinational State", "Federated States", "Commonwealth", "Union", "Federation", "The Republic", "The Federal Republic", "The Islamic Republic", "The Kingdom", "The Principality", "The Grand Duchy", "The Sultanate", "The State", "The Commonwealth", "The Union"],
        links: &["of", "of the"],
    },
    // German
    Titles {
        titles: &["Republik", "Bundesrepublik", "Demokratische Bundesrepublik", "Föderative Republik", "Demokratische Republik", "Volksrepublik", "Demokratische Volksrepublik", "Islamische Republik", "Arabische Republik", "Sozialistische Republik", "Demokratische Sozialistische Republik", "Vereinigte Republik", "Bolivarische Republik", "Kooperative Republik", "Republik der Union", "Königreich", "Haschemitisches Königreich", "Fürstentum", "Großherzogtum", "Sultanat", "Emirat", "Staat", "Unabhängiger Staat", "Plurinationaler Staat", "Föderierte Staaten", "Commonwealth", "Union", "Föderation"],
        links: &["", "von", "der", "des"],
    },
    // French
    Titles {
        titles: &["République", "République fédérale", "République fédérative", "République démocratique", "République fédérale démocratique", "République démocratique fédérale", "République populaire", "République populaire démocratique", "République démocratique populaire", "République socialiste", "République socialiste démocratique", "République démocratique socialiste", "République islamique", "République arabe", "République unie", "République bolivarienne", "République coopérative", "République orientale", "République de l'Union", "Royaume", "Royaume hachémite", "Principauté", "Grand-Duché", "Sultanat", "Émirat", "Émirat islamique", "État", "État indépendant", "État plurinational", "États fédérés", "Commonwealth", "Union", "Fédération"],
        links: &["de", "d'", "du", "de la", "de l'", "des"],
    },
    // Spanish, Galician and Catalan
    Titles {
        titles: &["República", "República Federal", "República Federativa", "República Democrática", "República Federal Democrática", "República Democrática Federal", "República Popular", "República Popular Democrática", "República Democrática Popular", "República Socialista", "República Socialista Democrática", "República Democrática Socialista", "República Islámica", "República Árabe", "República Unida", "República Bolivariana", "República Cooperativa", "República Oriental", "República de la Unión", "Reino", "Reino Hachemita", "Principado", "Gran Ducado", "Sultanato", "Emirato", "Emirato Islámico", "Estado", "Estado Independiente", "Estado Plurinacional", "Estados Federados", "Mancomunidad", "Commonwealth", "Unión", "Federación", "República Democràtica", "República Islàmica", "Regne", "Principat", "Gran Ducat", "Sultanat", "Estat"],
        links: &["de", "del", "de la", "de los", "de las", "do", "da", "dos", "das", "d'", "de l'", "dels", "de les"],
    },
    // Portuguese
    Titles {
        titles: &["República", "República Federal", "República Federativa", "República Democrática", "República Federal Democrática", "República Democrática Federal", "República Popular", "República Popular Democrática", "República Democrática Popular", "República Socialista", "República Socialista Democrática", "República Democrática Socialista", "República Islâmica", "República Árabe", "República Unida", "República Bolivariana", "República Cooperativa", "República Oriental", "República da União", "Reino", "Reino Hachemita", "Reino Haxemita", "Principado", "Grão-Ducado", "Sultanato", "Emirado", "Emirado Islâmico", "Estado", "Estado Independente", "Estado Plurinacional", "Estados Federados", "Comunidade", "Commonwealth", "União", "Federação"],
        links: &["de", "do", "da", "dos", "das"],
    },
    // Italian
    Titles {
        titles: &["Repubblica", "Repubblica Federale", "Repubblica Federativa", "Repubblica Democratica", "Repubblica Federale Democratica", "Repubblica Democratica Federale", "Repubblica Popolare", "Repubblica Popolare Democratica", "Repubblica Democratica Popolare", "Repubblica Socialista", "Repubblica Socialista Democratica", "Repubblica Democratica Socialista", "Repubblica Islamica", "Repubblica Araba", "Repubblica Unita", "Repubblica Bolivariana", "Repubblica Cooperativa", "Repubblica Orientale", "Repubblica dell'Unione", "Regno", "Regno Hascemita", "Principato", "Granducato", "Sultanato", "Emirato", "Emirato Islamico", "Stato", "Stato Indipendente", "Stato Plurinazionale", "Stati Federati", "Commonwealth", "Unione", "Federazione"],
        links: &["di", "d'", "del", "dello", "della", "dell'", "dei", "degli", "delle"],
    },
    // Romanian
    Titles {
        titles: &["Republica", "Republica Federală", "Republica Federativă", "Republica Democrată", "Republica Democratică", "Republica Federală Democrată", "Republica Populară", "Republica Democrată Populară", "Republica Populară Democrată", "Republica Socialistă", "Republica Islamică", "Republica Arabă", "Republica Unită", "Republica Bolivariană", "Republica Cooperatistă", "Regatul", "Regatul Hașemit", "Principatul", "Marele Ducat", "Sultanatul", "Emiratul", "Statul", "Statul Independent", "Statul Plurinațional", "Uniunea", "Federația"],
        links: &["", "al", "a"],
    },
    // Dutch
    Titles {
        titles: &["Republiek", "Bondsrepubliek", "Federale Republiek", "Federatieve Republiek", "Democratische Republiek", "Federale Democratische Republiek", "Volksrepubliek", "Democratische Volksrepubliek", "Socialistische Republiek", "Democratische Socialistische Republiek", "Islamitische Republiek", "Arabische Republiek", "Verenigde Republiek", "Bolivariaanse Republiek", "Coöperatieve Republiek", "Koninkrijk", "Hasjemitisch Koninkrijk", "Vorstendom", "Prinsdom", "Groothertogdom", "Sultanaat", "Emiraat", "Staat", "Onafhankelijke Staat", "Plurinationale Staat", "Federale Staten", "Gemenebest", "Unie", "Federatie"],
        links: &["", "van", "van de", "van het", "der"],
    },
    // Danish, Norwegian, Swedish and Icelandic
    Titles {
        titles: &["Republikken", "Forbundsrepublikken", "Den Demokratiske Republik", "Folkerepublikken", "Den Demokratiske Folkerepublik", "Den Islamiske Republik", "Den Arabiske Republik", "Den Socialistiske Republik", "Kongeriget", "Fyrstendømmet", "Storhertugdømmet", "Sultanatet", "Emiratet", "Staten", "Den Uafhængige Stat", "Unionen", "Den Demokratiske Republikken", "Den Demokratiske Folkerepublikken", "Den Islamske Republikken", "Den Arabiske Republikken", "Den Sosialistiske Republikken", "Kongeriket", "Kongedømmet", "Fyrstedømmet", "Samveldet", "Republiken", "Förbundsrepubliken", "Demokratiska Republiken", "Demokratiska Förbundsrepubliken", "Folkrepubliken", "Demokratiska Folkrepubliken", "Islamiska Republiken", "Arabrepubliken", "Arabiska Republiken", "Socialistiska Republiken", "Demokratiska Socialistiska Republiken", "Förenade Republiken", "Kungariket", "Konungariket", "Hashimitiska Kungariket", "Furstendömet", "Storhertigdömet", "Sultanatet", "Självständiga Staten", "Samväldet", "Lýðveldið", "Sambandslýðveldið", "Alþýðulýðveldið", "Íslamska lýðveldið", "Konungsríkið", "Furstadæmið", "Stórhertogadæmið"],
        links: &["", "af", "av"],
    },
    // Indonesian and Malay
    Titles {
        titles: &["Republik", "Republik Federal", "Republik Demokratik", "Republik Demokratik Federal", "Republik Rakyat", "Republik Demokratik Rakyat", "Republik Rakyat Demokratik", "Republik Islam", "Republik Arab", "Republik Sosialis", "Republik Sosialis Demokratik", "Republik Persatuan", "Republik Bersatu", "Kerajaan", "Kepangeranan", "Kadipaten Agung", "Kesultanan", "Emirat", "Negara", "Persemakmuran", "Uni", "Kesatuan"],
        links: &[""],
    },
    // Vietnamese
    Titles {
        titles: &["Cộng hòa", "Cộng hòa Liên bang", "Cộng hòa Dân chủ", "Cộng hòa Dân chủ Liên bang", "Cộng hòa Dân chủ Nhân dân", "Cộng hòa Nhân dân", "Cộng hòa Hồi giáo", "Cộng hòa Ả Rập", "Cộng hòa Xã hội chủ nghĩa", "Cộng hòa Thống nhất", "Vương quốc", "Công quốc", "Thân vương quốc", "Đại công quốc", "Nhà nước", "Liên bang"],
        links: &[""],
    },
    // Filipino and Swahili
    Titles { titles: &["Republika", "Republikang Pederal", "Republikang Islamiko", "Kaharian", "Prinsipado", "Estado"], links: &["ng", "ng mga"] },
    Titles { titles: &["Jamhuri", "Jamhuri ya Muungano", "Jamhuri ya Shirikisho", "Jamhuri ya Kiislamu", "Jamhuri ya Watu", "Ufalme", "Falme", "Dola"], links: &["ya", "wa", "la", "za"] },
    // Turkish, Azerbaijani, Uzbek, Kazakh and Kyrgyz
    Titles {
        titles: &["Cumhuriyeti", "Federal Cumhuriyeti", "Federatif Cumhuriyeti", "Demokratik Cumhuriyeti", "Federal Demokratik Cumhuriyeti", "Halk Cumhuriyeti", "Demokratik Halk Cumhuriyeti", "İslam Cumhuriyeti", "Arap Cumhuriyeti", "Sosyalist Cumhuriyeti", "Demokratik Sosyalist Cumhuriyeti", "Birleşik Cumhuriyeti", "Krallığı", "Haşimi Krallığı", "Prensliği", "Büyük Dükalığı", "Sultanlığı", "Emirliği", "Devleti", "Bağımsız Devleti", "Federasyonu", "Birliği", "Respublikası", "Federal Respublikası", "Federativ Respublikası", "Demokratik Respublikası", "Xalq Respublikası", "Demokratik Xalq Respublikası", "İslam Respublikası", "Ərəb Respublikası", "Sosialist Respublikası", "Birləşmiş Respublikası", "Knyazlığı", "Böyük Hersoqluğu", "Dövləti", "Respublikasi", "Federativ Respublikasi", "Xalq Respublikasi", "Xalq Demokratik Respublikasi", "Islom Respublikasi", "Arab Respublikasi", "Qirolligi", "Knyazligi", "Buyuk Gersogligi", "Sultonligi", "Davlati", "Республикасы", "Федеративтік Республикасы", "Халық Республикасы", "Ислам Республикасы", "Араб Республикасы", "Корольдігі", "Патшалығы", "Княздігі", "Сұлтандығы", "Мемлекеті", "Эл Республикасы", "Королдугу", "Падышалыгы", "Княздыгы", "Султандыгы", "Мамлекети"],
        links: &[""],
    },
    // Russian, Ukrainian, Belarusian, Bulgarian, Serbian and Macedonian
    Titles {
        titles: &["Республика", "Федеративная Республика", "Демократическая Республика", "Федеративная Демократическая Республика", "Народная Республика", "Народно-Демократическая Республика", "Социалистическая Республика", "Демократическая Социалистическая Республика", "Исламская Республика", "Арабская Республика", "Объединённая Республика", "Боливарианская Республика", "Кооперативная Республика", "Королевство", "Хашимитское Королевство", "Княжество", "Великое Герцогство", "Султанат", "Эмират", "Государство", "Независимое Государство", "Многонациональное Государство", "Содружество", "Союз", "Федерация", "Республіка", "Федеративна Республіка", "Демократична Республіка", "Федеративна Демократична Республіка", "Народна Республіка", "Народно-Демократична Республіка", "Соціалістична Республіка", "Ісламська Республіка", "Арабська Республіка", "Об'єднана Республіка", "Боліваріанська Республіка", "Кооперативна Республіка", "Королівство", "Князівство", "Велике Герцогство", "Держава", "Незалежна Держава", "Співдружність", "Рэспубліка", "Федэратыўная Рэспубліка", "Народная Рэспубліка", "Ісламская Рэспубліка", "Аб'яднаная Рэспубліка", "Каралеўства", "Княства", "Вялікае Герцагства", "Дзяржава", "Република", "Федерална република", "Федеративна република", "Демократична република", "Народна република", "Ислямска република", "Арабска република", "Социалистическа република", "Обединена република", "Кралство", "Велико херцогство", "Султанство", "Държава", "Независима държава", "Савезна Република", "Демократска Република", "Исламска Република", "Социјалистичка Република", "Уједињена Република", "Краљевина", "Кнежевина", "Велико Војводство", "Држава", "Сојузна Република", "Федеративна Република", "Кнежевство", "Големо Војводство"],
        links: &[""],
    },
    // Croatian, Bosnian, Serbian and Slovenian; Czech and Slovak, where they leave the name as it is
    Titles {
        titles: &["Republika", "Savezna Republika", "Federativna Republika", "Demokratska Republika", "Narodna Republika", "Demokratska Narodna Republika", "Socijalistička Republika", "Islamska Republika", "Arapska Republika", "Ujedinjena Republika", "Kraljevina", "Hašemitska Kraljevina", "Kneževina", "Veliko Vojvodstvo", "Sultanat", "Emirat", "Država", "Nezavisna Država", "Zvezna Republika", "Demokratična Republika", "Ljudska Republika", "Kraljestvo", "Velika Vojvodina", "Velika Vojvodina", "Spolková republika", "Království", "Knížectví", "Kráľovstvo", "Kniežatstvo"],
        links: &[""],
    },
    // Estonian, Welsh, Esperanto and Luxembourgish
    Titles { titles: &["Vabariik", "Liitvabariik", "Rahvavabariik", "Islamivabariik", "Kuningriik", "Vürstiriik", "Suurhertsogiriik", "Gweriniaeth", "Teyrnas", "Respubliko", "Reĝlando", "Kinnekräich", "Bundesrepublik"], links: &["", "vun"] },
    // Arabic, Persian and Urdu
    Titles {
        titles: &["جمهورية", "مملكة", "دولة", "سلطنة", "إمارة", "كومنولث", "اتحاد", "جمهوری", "جمهوری اسلامی", "جمهوری فدرال", "جمهوری دموکراتیک", "جمهوری خلق", "جمهوری عربی", "جمهوری متحد", "جمهوری سوسیالیستی", "پادشاهی", "کشور", "دولت", "جمہوریہ", "اسلامی جمہوریہ", "عوامی جمہوریہ", "وفاقی جمہوریہ", "متحدہ جمہوریہ", "مملکت", "سلطنت"],
        links: &[""],
    },
    // Hebrew
    Titles { titles: &["רפובליקת", "ממלכת", "נסיכות", "סולטנות", "מדינת", "הרפובליקה של", "הרפובליקה הפדרלית של", "הרפובליקה העממית של", "הרפובליקה הדמוקרטית של", "הרפובליקה האסלאמית של", "הרפובליקה האיסלאמית של"], links: &[""] },
    // Hindi, Marathi, Nepali, Bengali, Tamil and Thai
    Titles {
        titles: &["गणराज्य", "संघीय गणराज्य", "लोकतांत्रिक गणराज्य", "जनवादी गणराज्य", "इस्लामी गणराज्य", "प्रजासत्ताक", "गणतन्त्र", "साम्राज्य", "প্রজাতন্ত্র", "গণপ্রজাতন্ত্র", "ইসলামী প্রজাতন্ত্র", "রাজ্য", "குடியரசு", "สาธารณรัฐ", "สหพันธ์สาธารณรัฐ", "สหพันธรัฐ", "สาธารณรัฐประชาธิปไตย", "สาธารณรัฐประชาชน", "สาธารณรัฐประชาธิปไตยประชาชน", "สาธารณรัฐสังคมนิยม", "สาธารณรัฐอิสลาม", "สาธารณรัฐอาหรับ", "สหสาธารณรัฐ", "ราชอาณาจักร", "ราชรัฐ", "รัฐ", "รัฐสุลต่าน", "เครือรัฐ"],
        links: &[""],
    },
    // Japanese, Chinese and Korean
    Titles {
        titles: &["共和国", "連邦共和国", "人民共和国", "民主共和国", "連邦民主共和国", "人民民主共和国", "民主人民共和国", "イスラム共和国", "イスラーム共和国", "アラブ共和国", "社会主義共和国", "民主社会主義共和国", "連合共和国", "協同共和国", "王国", "公国", "大公国", "首長国", "連邦", "独立国", "联邦共和国", "联邦民主共和国", "伊斯兰共和国", "阿拉伯共和国", "社会主义共和国", "民主社会主义共和国", "联合共和国", "合作共和国", "酋长国", "苏丹国", "联邦", "独立国", "共和國", "聯邦共和國", "聯邦民主共和國", "人民共和國", "民主共和國", "人民民主共和國", "伊斯蘭共和國", "阿拉伯共和國", "社會主義共和國", "民主社會主義共和國", "聯合共和國", "合作共和國", "王國", "公國", "大公國", "蘇丹國", "聯邦", "獨立國", "공화국", "연방 공화국", "연방 민주 공화국", "민주 공화국", "인민 공화국", "인민 민주 공화국", "이슬람 공화국", "아랍 공화국", "사회주의 공화국", "민주 사회주의 공화국", "연합 공화국", "협동 공화국", "왕국", "공국", "대공국", "술탄국", "연방"],
        links: &[""],
    },
];

/// The fewest bytes of a name beside a title: fewer would be codes.
const MIN_NAME: usize = 4;

/// Whether a title tells this country from another one of the same name, so that no rule can do without the whole form:
/// the two Congos, Koreas and Chinas, Dominica and the Dominican Republic, and Georgia, which is a state of the United
/// States, too.
pub(super) fn is_told_by_its_title(code: [u8; 2]) -> bool {
    matches!(&code, b"cd" | b"cg" | b"cn" | b"dm" | b"do" | b"ge" | b"kp" | b"kr" | b"tw")
}

/// Whether this is a territory of a state, without a title of its own. What looks like one with a title is an adjective
/// of another language, such as that of Greece in Esperanto, `Helena`.
#[rustfmt::skip]
pub(super) fn is_territory(code: [u8; 2]) -> bool {
    matches!(
        &code,
        b"ai" | b"aq" | b"as" | b"aw" | b"ax" | b"bl" | b"bm" | b"bq" | b"bv" | b"cc" | b"cw" | b"cx" | b"eh" | b"fk"
        | b"fo" | b"gf" | b"gg" | b"gi" | b"gl" | b"gp" | b"gs" | b"gu" | b"hk" | b"hm" | b"im" | b"io" | b"je" | b"ky"
        | b"mf" | b"mo" | b"mp" | b"mq" | b"ms" | b"nc" | b"nf" | b"pf" | b"pm" | b"pn" | b"pr" | b"re" | b"sh" | b"sj"
        | b"sx" | b"tc" | b"tf" | b"tk" | b"um" | b"vg" | b"vi" | b"wf" | b"yt"
    )
}

/// What stands behind or before a title in a folded text: once for every title that it begins or ends with.
pub(super) fn names_with_titles(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    static FOLDED: LazyLock<HashSet<Box<[u8]>, RandomState>> = LazyLock::new(|| {
        let forms = TITLES.iter().flat_map(|Titles { titles, links }| {
            titles.iter().flat_map(|title| links.iter().map(move |link| format!("{title} {link}")))
        });
        forms.filter_map(|form| Some(fold(&form, Accents::Dropped)?.as_bytes().into())).collect()
    });
    (1..text.len()).flat_map(move |place| {
        let (start, end) = text.split_at(place);
        let behind = (end.len() >= MIN_NAME && FOLDED.contains(start)).then_some(end);
        let before = (start.len() >= MIN_NAME && FOLDED.contains(end)).then_some(start);
        behind.into_iter().chain(before)
    })
}

#[cfg(test)]
mod tests {
    use crate::value::{Country, InvalidValue, Rule};

    #[test]
    fn v57_a_title_beside_a_whole_name_is_read() {
        for (text, code) in [
            ("Republic of Chile", "cl"),
            ("the State of Eritrea", "er"),
            ("Chile, Republic of", "cl"),
            ("Iran (Islamic Republic of)", "ir"),
            ("Sultanate of Oman", "om"),
            ("Königreich Thailand", "th"),
            ("Bundesrepublik Österreich", "at"),
            ("Royaume de l’Espagne", "es"),
            ("Iran, République islamique d'", "ir"),
            ("REPUBLICA DEL PARAGUAY", "py"),
            ("Koninkrijk Noorwegen", "no"),
            ("Kongeriget Sverige", "se"),
            ("Arnavutluk Cumhuriyeti", "al"),
            ("Королевство Испания", "es"),
            ("جمهورية ألبانيا", "al"),
            ("ポーランド共和国", "pl"),
            ("波兰共和国", "pl"),
            ("폴란드 공화국", "pl"),
        ] {
            assert_eq!(text.parse::<Country>().as_ref().map(Country::code), Ok(code), "{text}");
        }
    }

    #[test]
    fn v34_v57_a_title_decides_nothing_that_the_tables_leave_open() {
        for (text, rule) in [
            // One of two countries.
            ("Democratic Kingdom of Congo", Rule::UnknownCode),
            ("People's Republic of Congo", Rule::AmbiguousCountry),
            ("Königreich Korea", Rule::AmbiguousCountry),
            ("Republic of Dominica", Rule::AmbiguousCountry),
            ("State of Georgia", Rule::AmbiguousCountry),
            // Part of Bosnia, and a state of nobody's table.
            ("Republika Srpska", Rule::UnknownCode),
            ("Republic of Texas", Rule::UnknownCode),
            // The Hellenic Republic in Esperanto, beside the usual short name of Saint Helena.
            ("Helena Respubliko", Rule::UnknownCode),
            ("Republic of", Rule::UnknownCode),
            ("Republic of CL", Rule::UnknownCode),
            ("Republic of Chile and Peru", Rule::UnknownCode),
            ("in the Republic of Chile", Rule::UnknownCode),
            ("Republik", Rule::UnknownCode),
        ] {
            assert_eq!(text.parse::<Country>().map_err(InvalidValue::rule), Err(rule), "{text}");
        }
    }
}
