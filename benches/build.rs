//! Tells the program what only the build knows: its compiler and profile.

use std::{env, path::Path, process::Command};

fn main() {
    let rustc = env::var_os("RUSTC").expect("cargo sets RUSTC");
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .expect("rustc runs");
    let version = String::from_utf8(version.stdout).expect("rustc prints UTF-8");
    println!("cargo::rustc-env=BUILT_WITH={}", version.trim());

    // PROFILE says `release` for every profile that inherits it; the directory has the real name:
    // <target>/<profile>/build/<package>/out.
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let profile = Path::new(&out).ancestors().nth(3).and_then(Path::file_name);
    let profile = profile
        .and_then(|name| name.to_str())
        .expect("a profile's directory");
    println!("cargo::rustc-env=BUILT_AS={profile}");
    println!("cargo::rerun-if-changed=build.rs");
}
