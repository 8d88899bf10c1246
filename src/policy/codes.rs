//! Codes of countries and languages, so that a slip is told from a place or a language that exists: ISO 3166-1 alpha-2,
//! ISO 639-1. Pure.
//!
//! Never the judge of a person: a country without a pack is one all the same.

/// ISO 3166-1 alpha-2, and `XK`, which is not of the standard and in use for Kosovo.
const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR \
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO \
    JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR \
    MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO \
    RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV \
    TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK";

/// ISO 639-1, and the codes that it has withdrawn and tools still write.
const LANGUAGES: &str = "\
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en \
    eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik in io is it iu iw \
    ja ji jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my \
    na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn \
    so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// What people write who mean a language: names, and codes of countries.
const MEANT: &[(&str, &str)] = &[
    ("svenska", "sv"),
    ("swedish", "sv"),
    ("english", "en"),
    ("engelska", "en"),
    ("gb", "en"),
    ("us", "en"),
    ("deutsch", "de"),
    ("german", "de"),
    ("at", "de"),
    ("nederlands", "nl"),
    ("dutch", "nl"),
    ("dansk", "da"),
    ("danish", "da"),
    ("dk", "da"),
    ("norsk", "no"),
    ("norwegian", "no"),
    ("suomi", "fi"),
    ("finnish", "fi"),
    ("french", "fr"),
    ("italiano", "it"),
    ("italian", "it"),
    ("español", "es"),
    ("spanish", "es"),
    ("polski", "pl"),
    ("polish", "pl"),
    ("cz", "cs"),
    ("gr", "el"),
    ("ua", "uk"),
    ("cn", "zh"),
    ("jp", "ja"),
];

/// Languages that exist, and whose code is that of a country where another one is spoken.
const LOOKALIKES: &[(&str, &str, &str)] = &[
    ("se", "Northern Sami", "sv"),
    ("ee", "Ewe", "et"),
    ("si", "Sinhala", "sl"),
    ("kr", "Kanuri", "ko"),
    ("br", "Breton", "pt"),
    ("ie", "Interlingue", "en"),
];

/// The code of a country in capital letters, from either case; `None` where no country has it.
pub fn country(text: &str) -> Option<String> {
    let code = text.to_ascii_uppercase();
    COUNTRIES.split(' ').any(|own| own == code).then_some(code)
}

/// Whether a language may begin a tag: one of two letters, or of three, of which there are too many to know.
pub fn is_language(primary: &str) -> bool {
    let code = primary.to_ascii_lowercase();
    match code.len() {
        2 => LANGUAGES.split(' ').any(|own| own == code),
        3 => code.bytes().all(|byte| byte.is_ascii_lowercase()),
        _ => false,
    }
}

/// The language that was meant by what is none.
pub fn meant_language(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    MEANT.iter().find(|(said, _)| *said == text).map(|(_, meant)| *meant)
}

/// A language that few mean: its name, and the code of the one that is spoken in the country of this code.
pub fn lookalike(primary: &str) -> Option<(&'static str, &'static str)> {
    let code = primary.to_ascii_lowercase();
    LOOKALIKES.iter().find(|(own, ..)| *own == code).map(|(_, name, meant)| (*name, *meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_known_in_either_case_and_a_slip_is_none() {
        assert_eq!(country("se").as_deref(), Some("SE"));
        assert_eq!(country("XK").as_deref(), Some("XK"));
        for none in ["UK", "xx", "S", "SWE", "", "S "] {
            assert_eq!(country(none), None, "{none}");
        }
    }

    #[test]
    fn a_language_is_no_country_and_no_name() {
        for known in ["sv", "SV", "uk", "gsw", "se"] {
            assert!(is_language(known), "{known}");
        }
        for none in ["dk", "gb", "xx", "svenska", "s", "", "12", "a1b"] {
            assert!(!is_language(none), "{none}");
        }
        assert_eq!(meant_language("Svenska"), Some("sv"));
        assert_eq!(lookalike("se"), Some(("Northern Sami", "sv")));
    }
}
