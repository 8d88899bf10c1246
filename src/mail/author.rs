//! Who a message says wrote it: the mailboxes of a From field. RFC 5322, 3.4 and 3.6.2; groups as RFC 6854
//! allows them.
//!
//! Strict where another reader could see another author: what is doubtful has no author. Lenient in
//! display names alone, where tools write dots, brackets and raw 8-bit text.

use super::Address;

/// The most authors that a message may have.
pub const MAX_AUTHORS: usize = 20;
/// How deep comments may nest.
const MAX_COMMENTS: usize = 20;

/// The authors that an unfolded From value names; `None` if it names none, too many, or can't be read
/// with confidence.
pub fn authors(value: &str) -> Option<Vec<Address>> {
    let tokens = tokens(value)?;
    let mut found = Vec::new();
    let mut rest = tokens.as_slice();
    loop {
        rest = if let Some(members) = group(rest) {
            let (inner, after) = members?;
            // A group may be empty, and then names nobody.
            if !inner.is_empty() {
                found.extend(inner.split(|token| *token == Token::Special(',')).map(mailbox));
            }
            after
        } else {
            let end = rest.iter().position(|token| *token == Token::Special(',')).unwrap_or(rest.len());
            let (one, after) = rest.split_at(end);
            found.push(mailbox(one));
            after
        };
        match rest.split_first() {
            None => break,
            Some((Token::Special(','), after)) => rest = after,
            Some(_) => return None,
        }
    }
    if found.is_empty() || found.len() > MAX_AUTHORS {
        return None;
    }
    found.into_iter().collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A run of characters that are neither blank nor special, dots and brackets included.
    Word(String),
    /// A quoted string, quotes and escapes as written.
    Quoted(String),
    /// One of `<>,:;@`.
    Special(char),
}

/// The value without blanks and comments. `None` for what can't stand in a structured field.
fn tokens(value: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' => {}
            '(' => comment(&mut characters)?,
            '"' => tokens.push(Token::Quoted(quoted(&mut characters)?)),
            '<' | '>' | ',' | ':' | ';' | '@' => tokens.push(Token::Special(character)),
            ')' | '\\' => return None,
            _ if character.is_control() => return None,
            _ => {
                let mut word = String::from(character);
                while let Some(next) = characters.next_if(|next| is_word(*next)) {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Some(tokens)
}

fn is_word(character: char) -> bool {
    !character.is_control() && !" \t()\"<>,:;@\\".contains(character)
}

fn comment(characters: &mut impl Iterator<Item = char>) -> Option<()> {
    let mut depth = 1;
    while depth > 0 {
        match characters.next()? {
            '\\' => drop(characters.next()?),
            '(' if depth < MAX_COMMENTS => depth += 1,
            '(' => return None,
            ')' => depth -= 1,
            _ => {}
        }
    }
    Some(())
}

fn quoted(characters: &mut impl Iterator<Item = char>) -> Option<String> {
    let mut text = String::from('"');
    loop {
        let character = characters.next()?;
        text.push(character);
        match character {
            '"' => return Some(text),
            '\\' => text.push(characters.next()?),
            _ => {}
        }
    }
}

type Members<'t> = (&'t [Token], &'t [Token]);

/// A group's members and what follows its semicolon; `Some(None)` for a group without one, `None` where no
/// group begins.
fn group(tokens: &[Token]) -> Option<Option<Members<'_>>> {
    let colon = tokens.iter().position(|token| matches!(token, Token::Special(_)))?;
    if tokens.get(colon) != Some(&Token::Special(':')) || colon == 0 {
        return None;
    }
    let members = tokens.get(colon + 1..)?;
    let end = members.iter().position(|token| *token == Token::Special(';'));
    Some(end.and_then(|end| Some((members.get(..end)?, members.get(end + 1..)?))))
}

/// `addr-spec`, or a display name and `<addr-spec>`. Nothing may follow the bracket: readers differ in
/// which address they then show.
fn mailbox(tokens: &[Token]) -> Option<Address> {
    let opening = tokens.iter().position(|token| *token == Token::Special('<'));
    let address = match opening {
        None => tokens,
        Some(opening) => {
            let (name, rest) = tokens.split_at(opening);
            if name.iter().any(|token| matches!(token, Token::Special(_))) {
                return None;
            }
            rest.strip_prefix(&[Token::Special('<')])?.strip_suffix(&[Token::Special('>')])?
        }
    };
    let [local, Token::Special('@'), Token::Word(domain)] = address else {
        // The colon of an IPv6 literal is a special.
        return literal(address);
    };
    join(local, domain)
}

fn literal(address: &[Token]) -> Option<Address> {
    let (local, rest) = address.split_first()?;
    let rest = rest.strip_prefix(&[Token::Special('@')])?;
    let mut domain = String::new();
    for token in rest {
        match token {
            Token::Word(word) => domain.push_str(word),
            Token::Special(':') => domain.push(':'),
            _ => return None,
        }
    }
    if domain.starts_with('[') { join(local, &domain) } else { None }
}

fn join(local: &Token, domain: &str) -> Option<Address> {
    match local {
        Token::Word(local) | Token::Quoted(local) => format!("{local}@{domain}").parse().ok(),
        Token::Special(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(value: &str, expected: Option<&[&str]>) {
        let found = authors(value);
        let found: Option<Vec<String>> = found.map(|all| all.iter().map(Address::to_string).collect());
        let expected = expected.map(|all| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        assert_eq!(found, expected, "of {value}");
    }

    #[test]
    fn a_from_names_its_authors() {
        let news: &[&str] = &["news@shop.example"];
        check("news@shop.example", Some(news));
        check("<news@shop.example>", Some(news));
        check("Demo Shop <news@shop.example>", Some(news));
        check("Demo Shop AB. [News] <news@shop.example>", Some(news));
        check("\"Shop, Demo\" <news@shop.example>", Some(news));
        check("\"evil@other.example\" <news@shop.example>", Some(news));
        check("=?utf-8?Q?Kl=C3=A4der?= <news@Shop.example>", Some(news));
        check("Kläder <news@shop.example> (the (nested) shop)", Some(news));
        check("news@shop.example (Demo <evil@other.example>)", Some(news));
        check("\"a b\"@shop.example", Some(&["\"a b\"@shop.example"]));
        check("a@[IPv6:2001:db8::1]", Some(&["a@[IPv6:2001:db8::1]"]));
        check("a@shop.example, B <b@other.example>", Some(&["a@shop.example", "b@other.example"]));
        check("Team: a@shop.example, <b@shop.example>;", Some(&["a@shop.example", "b@shop.example"]));
        check("Team: a@shop.example;, b@other.example", Some(&["a@shop.example", "b@other.example"]));
    }

    #[test]
    fn what_readers_could_see_differently_has_no_author() {
        for doubtful in [
            "",
            "Demo Shop",
            "Undisclosed:;",
            "news@shop.example <evil@other.example>",
            "<news@shop.example> <evil@other.example>",
            "<news@shop.example> evil@other.example",
            "<news@shop.example>, ",
            "Shop, Demo <news@shop.example>",
            "Demo @ Shop <news@shop.example>",
            "<@other.example:news@shop.example>",
            "news@shop.example evil@other.example",
            "news@shop.example\u{0}@other.example",
            "\"news@shop.example",
            "(news@shop.example",
            "<news@shop.example",
            "news@shop.example>",
            "Team: a@shop.example",
            "news@shop.example; evil@other.example",
            "news@",
        ] {
            check(doubtful, None);
        }
    }

    #[test]
    fn nesting_and_numbers_are_bounded() {
        assert!(authors(&format!("a@b.example{}", "(".repeat(100_000))).is_none());
        assert!(authors(&vec!["a@b.example"; MAX_AUTHORS].join(",")).is_some());
        assert!(authors(&vec!["a@b.example"; MAX_AUTHORS + 1].join(",")).is_none());
    }

    proptest! {
        #[test]
        fn nothing_makes_the_reader_panic(value in "[a-z@<>,:;\"\\\\()\\[\\] .é]{0,40}") {
            let _ = authors(&value);
        }
    }
}
