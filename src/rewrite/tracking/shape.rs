//! Whether anybody sees a picture: what its attributes and its style say of its size, and whether they hide it. CSS 2.2,
//! 10.2 to 10.7; the HTML standard, 15.4.3.

use super::css::unescaped;
use crate::mail::html::style::comment::blanked;

/// How large a picture is one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Extent {
    #[default]
    Unsaid,
    Nothing,
    /// At most a pixel.
    Pixel,
    More,
}

/// What an element says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    width: Extent,
    height: Extent,
    /// By its style, so that a rule of the document may say otherwise.
    styled: [Extent; 2],
    hidden: bool,
}

impl Shape {
    /// Of the values of `width`, `height` and `style`, and whether there is `hidden`.
    pub fn of(width: Option<&str>, height: Option<&str>, style: Option<&str>, hidden: bool) -> Self {
        let said = |own: Option<&str>| own.map_or(Extent::Unsaid, attribute);
        let mut shape =
            Self { width: said(width), height: said(height), styled: [Extent::Unsaid; 2], hidden };
        for (name, value) in declarations(style.unwrap_or_default()) {
            shape.declare(&name, &value);
        }
        shape
    }

    fn declare(&mut self, name: &str, value: &str) {
        let [width, height] = &mut self.styled;
        match name {
            "width" => *width = narrower(*width, length(value)),
            "height" => *height = narrower(*height, length(value)),
            // What may be larger may be smaller.
            "max-width" => *width = narrower(*width, bound(value)),
            "max-height" => *height = narrower(*height, bound(value)),
            "display" => self.hidden |= value == "none",
            "visibility" => self.hidden |= matches!(value, "hidden" | "collapse"),
            "opacity" => self.hidden |= value.parse() == Ok(0.0),
            "left" | "top" | "right" | "bottom" | "margin-left" | "margin-top" => {
                self.hidden |= is_far_off(value)
            }
            _ => {}
        }
    }

    /// A style goes before an attribute.
    fn extents(self) -> [Extent; 2] {
        let [width, height] = self.styled;
        let of = |styled, attribute| if styled == Extent::Unsaid { attribute } else { styled };
        [of(width, self.width), of(height, self.height)]
    }

    /// A pixel wide and high, or less; what is not said is taken for that, if the other is.
    pub fn is_small(self) -> bool {
        let extents = self.extents();
        extents.iter().all(|own| *own != Extent::More) && extents.iter().any(|own| *own != Extent::Unsaid)
    }

    /// Not shown at all, as far as the element itself says.
    pub fn is_hidden(self) -> bool {
        self.hidden || self.extents().contains(&Extent::Nothing)
    }
}

fn narrower(one: Extent, other: Extent) -> Extent {
    match (one, other) {
        (Extent::Unsaid, other) | (other, Extent::Unsaid) => other,
        (Extent::Nothing, _) | (_, Extent::Nothing) => Extent::Nothing,
        (Extent::Pixel, _) | (_, Extent::Pixel) => Extent::Pixel,
        (Extent::More, Extent::More) => Extent::More,
    }
}

/// `1`, `1px`, `0`, `100%`.
fn attribute(value: &str) -> Extent {
    let value = value.trim();
    let digits = value.len() - value.trim_start_matches(|own: char| own.is_ascii_digit() || own == '.').len();
    let (number, unit) = value.split_at(digits);
    match number.parse::<f64>() {
        Err(_) => Extent::Unsaid,
        Ok(0.0) => Extent::Nothing,
        Ok(number) if number <= 1.0 && !unit.trim_start().starts_with('%') => Extent::Pixel,
        Ok(_) => Extent::More,
    }
}

fn length(value: &str) -> Extent {
    let number = value.len()
        - value.trim_start_matches(|own: char| own.is_ascii_digit() || matches!(own, '.' | '-' | '+')).len();
    let (number, unit) = value.split_at(number);
    match (number.parse::<f64>(), unit) {
        (Ok(0.0), _) => Extent::Nothing,
        (Ok(number), "px" | "") if (0.0..=1.0).contains(&number) => Extent::Pixel,
        _ => Extent::More,
    }
}

/// A larger one says nothing.
fn bound(value: &str) -> Extent {
    match length(value) {
        Extent::More => Extent::Unsaid,
        other => other,
    }
}

/// Beyond the edge of any screen.
fn is_far_off(value: &str) -> bool {
    let number = value.strip_suffix("px").and_then(|number| number.parse::<f64>().ok());
    number.is_some_and(|number| number <= -999.0)
}

/// Names and values in lower case, without `!important`. What is escaped ends nothing.
fn declarations(style: &str) -> Vec<(String, String)> {
    let blanked = blanked(style.as_bytes());
    let style = &*String::from_utf8_lossy(&blanked);
    let mut all = Vec::new();
    let mut start = 0;
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, octet) in style.bytes().enumerate().chain([(style.len(), b';')]) {
        let was_escaped = escaped;
        escaped = octet == b'\\' && !escaped;
        match octet {
            _ if was_escaped && at < style.len() => {}
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b';' if depth == 0 || at == style.len() => {
                let (name, value) =
                    style.get(start..at).and_then(|own| own.split_once(':')).unwrap_or_default();
                let value = unescaped(value).to_ascii_lowercase();
                let value = value.split('!').next().unwrap_or_default().trim();
                all.push((unescaped(name.trim()).to_ascii_lowercase(), value.to_owned()));
                start = at + 1;
            }
            _ => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it is small, and whether it is hidden.
    fn of(width: &str, height: &str, style: &str) -> (bool, bool) {
        let said = |own| Some(own).filter(|own: &&str| !own.is_empty());
        let shape = Shape::of(said(width), said(height), Some(style), false);
        (shape.is_small(), shape.is_hidden())
    }

    #[test]
    fn a_pixel_is_told_from_a_picture_by_its_size() {
        for (width, height, style, expected) in [
            ("1", "1", "", (true, false)),
            (" 1px ", "1", "", (true, false)),
            ("0", "0", "", (true, true)),
            ("1", "", "", (true, false)),
            ("", "0", "", (true, true)),
            ("1", "20", "", (false, false)),
            ("600", "1", "", (false, false)),
            ("600", "0", "", (false, true)),
            ("1%", "1%", "", (false, false)),
            ("", "", "", (false, false)),
            ("x", "y", "", (false, false)),
            ("1", "1", "width:100%;height:auto", (false, false)),
            ("600", "400", "WIDTH: 1px !important; height :1PX", (true, false)),
            ("", "", "max-height:1px;max-width:1px", (true, false)),
            ("", "", "width:100%;max-width:600px", (false, false)),
            ("", "", "height:0.0em", (true, true)),
            ("600", "400", "display : none!important", (false, true)),
            ("600", "400", "background:url(data:a;display:none)", (false, false)),
            ("", "", "visibility:hidden", (false, true)),
            ("", "", "opacity:0.00", (false, true)),
            ("", "", "opacity:.5", (false, false)),
            ("", "", "position:absolute;left:-9999px", (false, true)),
            ("", "", r"d\69splay:n\6f\6e e", (false, true)),
            ("", "", r"w\69 dth:1p\78;h\65ight:1px", (true, false)),
            ("", "", r"background:url(a\);display:none", (false, false)),
            ("", "", "display:/* so */none", (false, true)),
            ("", "", "/* display:none */", (false, false)),
            ("", "", "/* ; */width/**/:1px/* a; b */;height:1px", (true, false)),
            ("", "", "background:url(data:/*;a);content:'/*';display:none", (false, true)),
            ("", "", "mso-hide:all", (false, false)),
            ("", "", "display:none", (false, true)),
        ] {
            assert_eq!(of(width, height, style), expected, "{width} {height} {style}");
        }
        assert!(Shape::of(None, None, None, true).is_hidden());
    }
}
