//! `optgate.toml`, whatever stands in it: a configuration, or mistakes that can be shown with line and caret.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // Files that are named are read: not what the machine keeps there.
    if ["/dev", "/proc", "/sys", "..", "~"].iter().any(|place| text.contains(place)) {
        return;
    }
    let file = Path::new("/nonexistent/optgate.toml");
    let environment = [("OPTGATE__SMTP__MAX_RECIPIENTS".to_owned(), "7".to_owned())];
    match optgate::config::parse(file, text, environment) {
        Ok((config, warnings)) => {
            assert_eq!(config.smtp.max_recipients, 7);
            warnings.iter().for_each(shown);
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "refused, and no reason given");
            mistakes.iter().for_each(shown);
        }
    }
});

fn shown(mistake: &optgate::policy::file::Mistake) {
    assert!(!mistake.rendered.is_empty());
}
