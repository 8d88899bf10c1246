//! Verifiers of DKIM that this project has no part in: `tests/verifiers/verify.py` asks them. `tests/run` installs them and
//! names the Python that has dkimpy by OPTGATE_VERIFIERS.

use std::path::Path;
use std::process::Command;

/// A folder of signed messages for them to judge.
pub struct Verifiers {
    python: String,
    folder: tempfile::TempDir,
}

impl Verifiers {
    /// None where nobody installed them. `keys`: name in DNS and record.
    pub fn with(keys: &[(String, String)]) -> Option<Self> {
        let Ok(python) = std::env::var("OPTGATE_VERIFIERS") else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI needs OPTGATE_VERIFIERS");
            println!("skipped: OPTGATE_VERIFIERS is not set; tests/run sets it");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let lines: String = keys.iter().map(|(name, record)| format!("{name} {record}\n")).collect();
        std::fs::write(folder.path().join("keys"), lines).expect("the keys are written");
        Some(Self { python, folder })
    }

    /// A message that must verify.
    pub fn add(&self, name: &str, message: &[u8]) {
        std::fs::write(self.folder.path().join(format!("{name}.eml")), message).expect("it is written");
    }

    /// A message that must not.
    pub fn add_broken(&self, name: &str, message: &[u8]) {
        self.add(&format!("broken-{name}"), message);
    }

    /// Panics with what they said, if one of them does not say what it must.
    pub fn judge(&self) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verifiers/verify.py");
        let run =
            Command::new(&self.python).arg(script).arg(self.folder.path()).output().expect("Python runs");
        let said = String::from_utf8_lossy(&run.stdout);
        print!("{said}");
        let shown: Vec<&str> = said.lines().rev().take(60).collect();
        assert!(run.status.success(), "{}\n{}", shown.join("\n"), String::from_utf8_lossy(&run.stderr));
    }
}
