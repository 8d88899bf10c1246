//! A verb of the command line that ran to its end.

use std::process::Output;

use serde_json::Value;

/// What it said, and how it ended.
pub struct Ran {
    pub(super) output: Output,
    pub(super) what: String,
}

impl Ran {
    pub fn status(&self) -> i32 {
        self.output.status.code().unwrap_or(-1)
    }

    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    pub fn expect_success(&self) -> &Self {
        assert_eq!(self.status(), 0, "optgate {}:\n{}{}", self.what, self.stdout(), self.stderr());
        self
    }

    pub fn json(&self) -> Value {
        self.expect_success();
        serde_json::from_slice(&self.output.stdout).expect("JSON")
    }
}
