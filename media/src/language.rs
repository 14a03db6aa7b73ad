//! Language tags as manifests want them (RFC 5646): two letters where there are two.

/// ISO 639-2 codes, both the bibliographic and the terminologic ones, and their two-letter form.
const SHORT: &[(&str, &str)] = &[
    ("afr", "af"),
    ("alb", "sq"),
    ("sqi", "sq"),
    ("amh", "am"),
    ("ara", "ar"),
    ("arm", "hy"),
    ("hye", "hy"),
    ("aze", "az"),
    ("baq", "eu"),
    ("eus", "eu"),
    ("bel", "be"),
    ("ben", "bn"),
    ("bos", "bs"),
    ("bul", "bg"),
    ("bur", "my"),
    ("mya", "my"),
    ("cat", "ca"),
    ("chi", "zh"),
    ("zho", "zh"),
    ("cze", "cs"),
    ("ces", "cs"),
    ("dan", "da"),
    ("dut", "nl"),
    ("nld", "nl"),
    ("eng", "en"),
    ("epo", "eo"),
    ("est", "et"),
    ("fin", "fi"),
    ("fre", "fr"),
    ("fra", "fr"),
    ("geo", "ka"),
    ("kat", "ka"),
    ("ger", "de"),
    ("deu", "de"),
    ("gle", "ga"),
    ("glg", "gl"),
    ("gre", "el"),
    ("ell", "el"),
    ("guj", "gu"),
    ("heb", "he"),
    ("hin", "hi"),
    ("hrv", "hr"),
    ("hun", "hu"),
    ("ice", "is"),
    ("isl", "is"),
    ("ind", "id"),
    ("ita", "it"),
    ("jpn", "ja"),
    ("kan", "kn"),
    ("kaz", "kk"),
    ("khm", "km"),
    ("kor", "ko"),
    ("lat", "la"),
    ("lav", "lv"),
    ("lit", "lt"),
    ("mac", "mk"),
    ("mkd", "mk"),
    ("mal", "ml"),
    ("mar", "mr"),
    ("may", "ms"),
    ("msa", "ms"),
    ("mon", "mn"),
    ("nep", "ne"),
    ("nob", "nb"),
    ("nno", "nn"),
    ("nor", "no"),
    ("pan", "pa"),
    ("per", "fa"),
    ("fas", "fa"),
    ("pol", "pl"),
    ("por", "pt"),
    ("rum", "ro"),
    ("ron", "ro"),
    ("rus", "ru"),
    ("slo", "sk"),
    ("slk", "sk"),
    ("slv", "sl"),
    ("spa", "es"),
    ("srp", "sr"),
    ("swa", "sw"),
    ("swe", "sv"),
    ("tam", "ta"),
    ("tel", "te"),
    ("tgl", "tl"),
    ("tha", "th"),
    ("tur", "tr"),
    ("ukr", "uk"),
    ("urd", "ur"),
    ("uzb", "uz"),
    ("vie", "vi"),
    ("wel", "cy"),
    ("cym", "cy"),
    ("zul", "zu"),
];

/// The tag for a manifest; `None` for what is no language tag, or says that there is none.
pub(crate) fn tag(language: &str) -> Option<String> {
    let lower = language.trim().to_ascii_lowercase();
    let (primary, rest) = match lower.split_once('-') {
        Some((primary, rest)) => (primary, Some(rest)),
        None => (lower.as_str(), None),
    };
    let letters =
        (2..=3).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_lowercase());
    let legal = lower.len() <= 35
        && rest.is_none_or(|rest| {
            rest.split('-').all(|part| {
                (1..=8).contains(&part.len())
                    && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            })
        });
    if !letters || !legal || matches!(primary, "und" | "zxx" | "mis" | "mul") {
        return None;
    }
    let short = SHORT
        .iter()
        .find(|(long, _)| *long == primary)
        .map_or(primary, |(_, short)| short);
    Some(rest.map_or_else(|| short.to_owned(), |rest| format!("{short}-{rest}")))
}

#[cfg(test)]
mod tests {
    use super::tag;

    #[test]
    fn long_codes_become_short_and_nonsense_becomes_nothing() {
        assert_eq!(tag("eng").as_deref(), Some("en"));
        assert_eq!(tag("ger").as_deref(), Some("de"));
        assert_eq!(tag("deu-at").as_deref(), Some("de-at"));
        assert_eq!(tag("haw").as_deref(), Some("haw"));
        for nonsense in [
            "und", "", "e", "english", "en\"", "en,US", "e1", "en--us", "zxx",
        ] {
            assert_eq!(tag(nonsense), None, "{nonsense}");
        }
    }
}
