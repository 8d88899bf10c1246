//! `[look]`: a sender's color and logo on the pages that subscribers see.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::policy::look::{Color, Ground, Logo, Look, TEXT_CONTRAST};
use crate::toml_file::{Given, Source, Table, Value};

/// The largest logo in octets: it goes with every page.
const MAX_LOGO: usize = 32 << 10;

/// The pictures that every browser shows, and what they begin with.
const PICTURES: [(&str, &[&[u8]]); 4] = [
    ("image/png", &[b"\x89PNG\r\n\x1a\n"]),
    ("image/jpeg", &[b"\xff\xd8\xff"]),
    ("image/webp", &[b"RIFF"]),
    ("image/svg+xml", &[b"<svg", b"<?xml", b"<!--"]),
];

/// Reads it; as shipped where it is left out.
pub fn read(table: &mut Table<'_>) -> Look {
    let Some(mut own) = table.table("look") else { return Look::default() };
    let source = own.source();
    let mut shade = |key, ground| {
        let given = own.take(key, |v| v.read(color));
        stands_out(source, given.as_ref(), ground);
        given.map(|given| given.value)
    };
    let (color, dark_color) = (shade("color", Ground::Light), shade("dark_color", Ground::Dark));
    let logo = own.take("logo", logo).map(|given| given.value);
    own.finish();
    Look { color, dark_color, logo }
}

fn color(text: &str) -> Result<Color, String> {
    Color::parse(text).ok_or_else(|| format!("`{text}` is not a color such as `#0b57d0`"))
}

/// Tells of a color that buttons and links can't have; the pages show what is suggested.
fn stands_out(source: &Source<'_>, given: Option<&Given<Color>>, ground: Ground) {
    let Some(Given { value, span, .. }) = given else { return };
    let contrast = value.contrast(ground.color());
    if contrast < TEXT_CONTRAST {
        let (shown, behind) = (value.readable_on(ground), ground.color());
        let message = format!(
            "its contrast with the page ({behind}) is {contrast:.2}:1, and text needs {TEXT_CONTRAST}:1 \
             (WCAG 2.2, 1.4.3): the pages show {shown} instead"
        );
        source.warning(span, message);
    }
}

fn logo(value: Value<'_>) -> Option<Logo> {
    let text = value.non_empty()?;
    match checked_logo(&text) {
        Ok(()) => Some(Logo(text.into())),
        Err(wrong) => value.wrong(wrong),
    }
}

/// Whether it is a whole picture of a kind that browsers show. RFC 2397.
fn checked_logo(text: &str) -> Result<(), String> {
    let kinds = || PICTURES.map(|(kind, _)| kind).join(", ");
    let said = text.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    let Some((kind, encoded)) = said else {
        return Err("this must be a picture as `data:image/png;base64,…`".to_owned());
    };
    let Some((_, beginnings)) = PICTURES.iter().find(|(own, _)| *own == kind) else {
        return Err(format!("`{kind}` is none of the pictures that every browser shows: {}", kinds()));
    };
    let octets = STANDARD.decode(encoded).map_err(|error| format!("this is not base64: {error}"))?;
    if octets.len() > MAX_LOGO {
        return Err(format!("the picture has {} octets, and may have {MAX_LOGO} at most", octets.len()));
    }
    let begins = |start: &&[u8]| octets.trim_ascii_start().starts_with(start);
    if beginnings.iter().any(begins) {
        Ok(())
    } else {
        Err(format!("the picture is not of the kind that it says, `{kind}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logo_of(kind: &str, octets: &[u8]) -> Result<(), String> {
        checked_logo(&format!("data:{kind};base64,{}", STANDARD.encode(octets)))
    }

    #[test]
    fn a_logo_is_a_whole_picture() {
        assert_eq!(logo_of("image/png", b"\x89PNG\r\n\x1a\n..."), Ok(()));
        assert_eq!(logo_of("image/svg+xml", b"\n<svg xmlns='http://www.w3.org/2000/svg'/>"), Ok(()));
        for (wrong, told) in [
            (checked_logo("https://shop.example/logo.png"), "must be a picture as"),
            (checked_logo("data:image/png;base64,***"), "not base64"),
            (logo_of("text/html", b"<svg"), "none of the pictures"),
            (logo_of("image/png", b"<svg"), "not of the kind"),
            (logo_of("image/jpeg", &[0xff; MAX_LOGO + 1]), "octets"),
        ] {
            let wrong = wrong.unwrap_err();
            assert!(wrong.contains(told), "{wrong}");
        }
    }
}
