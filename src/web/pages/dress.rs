//! A sender's color and logo, as the pages carry them.

use std::sync::Arc;

use crate::policy::look::{Ground, Look};

/// Nothing of a sender's own: as shipped. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Dress {
    colors: Option<Arc<str>>,
    logo: Option<Arc<str>>,
}

impl Dress {
    pub(super) fn of(look: &Look) -> Self {
        Self { colors: colors(look).map(Arc::from), logo: look.logo.as_ref().map(|logo| logo.0.clone()) }
    }

    /// A style sheet that comes after ours.
    pub(super) fn colors(&self) -> Option<&str> {
        self.colors.as_deref()
    }

    /// A `data:` URI.
    pub(super) fn logo(&self) -> Option<&str> {
        self.logo.as_deref()
    }
}

fn colors(look: &Look) -> Option<String> {
    let rule = |ground: Ground| {
        let color = look.shown(ground)?;
        Some(format!(":root {{ --act: {color}; --on-act: {}; }}", ground.ink_on_color()))
    };
    let light =
        rule(Ground::Light).map(|rule| format!("@media (prefers-color-scheme: light) {{ {rule} }}\n"));
    let dark = rule(Ground::Dark).map(|rule| format!("@media (prefers-color-scheme: dark) {{ {rule} }}\n"));
    let both = format!("{}{}", light.unwrap_or_default(), dark.unwrap_or_default());
    (!both.is_empty()).then_some(both)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::look::Color;
    use crate::web::pages::view::STYLE;

    #[test]
    fn a_sender_without_a_look_has_none() {
        let dress = Dress::of(&Look::default());
        assert!(dress.colors().is_none() && dress.logo().is_none());
    }

    #[test]
    fn a_color_for_dark_pages_alone_leaves_the_light_ones_as_shipped() {
        let look = Look { dark_color: Color::parse("#a8c7fa"), ..Look::default() };
        let colors = Dress::of(&look).colors().unwrap().to_owned();
        assert_eq!(
            colors,
            "@media (prefers-color-scheme: dark) { :root { --act: #a8c7fa; --on-act: #000000; } }\n"
        );
    }

    #[test]
    fn contrast_is_measured_with_the_pages_own_grounds() {
        let card = |style: &str| {
            let (_, rest) = style.split_once("--card: ").unwrap();
            Color::parse(rest.split_once(';').unwrap().0).unwrap()
        };
        let (light, dark) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
        assert_eq!((card(light), card(dark)), (Ground::Light.color(), Ground::Dark.color()));
    }
}
