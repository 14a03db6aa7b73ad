//! Which passwords are taken. Length counts, composition does not (ASVS 6.2.1 to 6.2.9, NIST SP
//! 800-63B section 3.1.1.2): rules of composition make passwords that are forgotten, not better.

use zxcvbn::zxcvbn;

/// What is as easy to think of as one's own name.
const SITE: &str = "marquee";

/// Fewest and most characters of a password. The most only keeps requests small.
const LENGTH: std::ops::RangeInclusive<usize> = 8..=256;

/// Fewest tries after which whoever tries likely ones first may find it: more than there are in the
/// lists of leaked ones, rows of keys and dates spell, or names of one's own make with a little
/// around them.
const TOO_FEW_GUESSES: u64 = 100_000;

/// Checks what the user called `name` chose; the refusal is a sentence for them.
pub(crate) fn check_password(password: &str, name: &str) -> Result<(), String> {
    let characters = password.chars().count();
    if characters < *LENGTH.start() {
        return Err(format!(
            "The password is too short: use at least {} characters.",
            LENGTH.start()
        ));
    }
    if characters > *LENGTH.end() {
        return Err(format!(
            "The password is too long: use at most {} characters.",
            LENGTH.end()
        ));
    }
    let lower = password.to_lowercase();
    let name = name.to_lowercase();
    let reversed: String = name.chars().rev().collect();
    let rest = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
    if !name.is_empty()
        && [&name, &reversed]
            .into_iter()
            .any(|it| lower == *it || rest == *it)
    {
        return Err("The password is your name: choose another.".to_owned());
    }
    // It looks no further than a hundred characters, which bounds the effort.
    if zxcvbn(password, &[&name, SITE]).guesses() < TOO_FEW_GUESSES {
        return Err(
            "This password is one of the first that others would try: choose another.".into(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_and_composition_does_not() {
        let longest: String = "größer als das Meer, ".chars().cycle().take(256).collect();
        for good in [
            "correct horse",
            "  spaced  ",
            "ドラゴンの卵を焼く",
            &longest,
        ] {
            assert_eq!(check_password(good, "ada"), Ok(()), "{good}");
        }
        for (bad, said) in [
            ("short12", "too short"),
            (format!("{longest}x").as_str(), "too long"),
            ("PassWord1", "first"),
            ("iloveyou2", "first"),
            ("qwertyuiop", "first"),
            ("00000000", "first"),
            ("aaaabbbb", "first"),
            ("20061981", "first"),
            ("marquee1", "first"),
            ("ada_lovelace", "your name"),
            ("ADA_lovelace1815!", "your name"),
            ("ecalevol_ada", "your name"),
        ] {
            let refusal = check_password(bad, "Ada_Lovelace").unwrap_err();
            assert!(refusal.contains(said), "{bad}: {refusal}");
        }
    }
}
