//! A disk that runs full and gets room again, for a gateway that runs as a process.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Writes of a gateway that has the variables of `environment` fail with ENOSPC while it is full.
pub struct Disk {
    flag: PathBuf,
    library: PathBuf,
}

impl Disk {
    /// Compiles the library that the gateway is to be started with; it and the sign lie in this folder.
    pub fn new(folder: &Path) -> Self {
        let library = folder.join("full_disk.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/full_disk.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl");
        assert!(compiler.status().expect("a C compiler").success());
        Self { flag: folder.join("disk-is-full"), library }
    }

    /// For `Gateway::set_variable`. `part`: only files whose path holds this text are concerned.
    pub fn environment(&self, part: Option<&str>) -> Vec<(String, String)> {
        let text = |path: &PathBuf| path.display().to_string();
        let mut all =
            vec![("LD_PRELOAD".into(), text(&self.library)), ("FULL_DISK".into(), text(&self.flag))];
        all.extend(part.map(|part| ("FULL_DISK_PART".into(), part.to_owned())));
        all
    }

    pub fn fill(&self) {
        std::fs::write(&self.flag, "").expect("the flag");
    }

    pub fn make_room(&self) {
        std::fs::remove_file(&self.flag).expect("the flag goes");
    }
}
