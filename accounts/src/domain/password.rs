//! Which passwords are taken. Length counts, composition does not (ASVS 6.2.1 to 6.2.9, NIST SP
//! 800-63B section 3.1.1.2): rules of composition make passwords that are forgotten, not better.

/// Fewest and most characters of a password. The most only keeps requests small.
const LENGTH: std::ops::RangeInclusive<usize> = 8..=256;

/// The ones that are tried first, lower case, one a line.
const COMMON: &str = include_str!("common_passwords.txt");

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
    if COMMON.lines().any(|common| common == lower) {
        return Err(
            "This password is one of the first that others would try: choose another.".into(),
        );
    }
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
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_and_composition_does_not() {
        let longest = "ü".repeat(256);
        for good in [
            "correct horse",
            "aaaabbbb",
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
            ("ada_lovelace", "your name"),
            ("ADA_lovelace1815!", "your name"),
            ("ecalevol_ada", "your name"),
        ] {
            let refusal = check_password(bad, "Ada_Lovelace").unwrap_err();
            assert!(refusal.contains(said), "{bad}: {refusal}");
        }
    }

    #[test]
    fn the_list_has_only_what_the_length_would_let_through() {
        assert!(COMMON.lines().count() >= 200);
        for line in COMMON.lines() {
            assert!(line.chars().count() >= *LENGTH.start(), "{line}");
            assert_eq!(line.trim().to_lowercase(), line);
        }
    }
}
