//! How the pages of a sender look: a color, and a logo. Pure. WCAG 2.2, 1.4.3.
//!
//! Whatever a file says, what the pages show can be read: a color that stands out too little is shaded until it does.

use std::fmt;
use std::sync::Arc;

/// A color of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color {
    pub red: u8,
    pub green: u8,
    pub blue: u8,
}

const WHITE: Color = Color { red: 255, green: 255, blue: 255 };
const BLACK: Color = Color { red: 0, green: 0, blue: 0 };

/// What stands behind text on the pages, as `style.css` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    Light,
    Dark,
}

/// `[look]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Of buttons and links.
    pub color: Option<Color>,
    /// The same where people prefer dark pages; made from `color` where it is left out.
    pub dark_color: Option<Color>,
    pub logo: Option<Logo>,
}

/// A picture, whole, as `data:` URI: pages load nothing from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo(pub Arc<str>);

/// The least contrast of text. WCAG 2.2, 1.4.3.
pub const TEXT_CONTRAST: f64 = 4.5;

impl Ground {
    pub const fn color(self) -> Color {
        match self {
            Self::Light => WHITE,
            Self::Dark => Color { red: 0x1d, green: 0x20, blue: 0x25 },
        }
    }

    /// Away from the ground: whither a color is shaded.
    fn opposite(self) -> Color {
        match self {
            Self::Light => BLACK,
            Self::Dark => WHITE,
        }
    }

    /// What text on a button is written in, whose color stands out from the ground.
    pub const fn ink_on_color(self) -> Color {
        match self {
            Self::Light => WHITE,
            Self::Dark => BLACK,
        }
    }
}

impl Look {
    /// What buttons and links are shown in; none: as shipped.
    pub fn shown(&self, ground: Ground) -> Option<Color> {
        let said = match ground {
            Ground::Light => self.color,
            Ground::Dark => self.dark_color.or(self.color),
        };
        said.map(|color| color.readable_on(ground))
    }
}

impl Color {
    /// `#0b57d0` or `#05d`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.is_ascii())?;
        let value = |text: &str| u8::from_str_radix(text, 16).ok();
        let channel = |at: usize| match digits.len() {
            6 => value(digits.get(2 * at..2 * at + 2)?),
            3 => value(digits.get(at..=at)?).map(|half| half * 17),
            _ => None,
        };
        // What `from_str_radix` takes beside digits.
        if digits.contains('+') {
            return None;
        }
        Some(Self { red: channel(0)?, green: channel(1)?, blue: channel(2)? })
    }

    /// From 1 to 21. WCAG 2.2, "contrast ratio".
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// The color itself, or the nearest shade of it that text can have on this ground.
    pub fn readable_on(self, ground: Ground) -> Self {
        let shades = (0..=100_u8).map(|share| self.mixed(ground.opposite(), share));
        let mut readable = shades.filter(|shade| shade.contrast(ground.color()) >= TEXT_CONTRAST);
        readable.next().unwrap_or(ground.opposite())
    }

    /// WCAG 2.2, "relative luminance".
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let part = f64::from(channel) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }

    /// With so many hundredths of another.
    fn mixed(self, other: Self, share: u8) -> Self {
        let share = u16::from(share.min(100));
        let mix = |own: u8, other: u8| {
            let mixed = (u16::from(own) * (100 - share) + u16::from(other) * share) / 100;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        Self {
            red: mix(self.red, other.red),
            green: mix(self.green, other.green),
            blue: mix(self.blue, other.blue),
        }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn color(text: &str) -> Color {
        Color::parse(text).unwrap()
    }

    #[test]
    fn a_color_is_read_as_css_reads_it() {
        assert_eq!(color("#05d"), color("#0055dd"));
        assert_eq!(color("#0B57d0").to_string(), "#0b57d0");
        for wrong in ["0b57d0", "#0b57d", "#0b57d0ff", "red", "#", "#ggg", "#+1+2+3", "#åäö", ""] {
            assert_eq!(Color::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        let ratio = |one, two| (color(one).contrast(color(two)) * 100.0).round() / 100.0;
        assert_eq!(ratio("#000", "#fff"), 21.0);
        assert_eq!(ratio("#fff", "#fff"), 1.0);
        assert_eq!(ratio("#777", "#fff"), 4.48);
        assert_eq!(ratio("#767676", "#fff"), 4.54);
        assert_eq!(ratio("#f00", "#fff"), 4.0);
    }

    #[test]
    fn what_can_be_read_stays_as_it_is() {
        assert_eq!(color("#0b57d0").readable_on(Ground::Light), color("#0b57d0"));
        assert_eq!(color("#a8c7fa").readable_on(Ground::Dark), color("#a8c7fa"));
        assert_ne!(color("#ffcc00").readable_on(Ground::Light), color("#ffcc00"));
    }

    proptest! {
        #[test]
        fn whatever_color_a_sender_has_its_pages_can_be_read(red: u8, green: u8, blue: u8) {
            let look = Look { color: Some(Color { red, green, blue }), ..Look::default() };
            for ground in [Ground::Light, Ground::Dark] {
                let shown = look.shown(ground).unwrap();
                prop_assert!(shown.contrast(ground.color()) >= TEXT_CONTRAST, "{shown} on {ground:?}");
                prop_assert!(shown.contrast(ground.ink_on_color()) >= TEXT_CONTRAST, "ink on {shown}");
            }
        }
    }
}
