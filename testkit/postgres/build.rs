//! Makes a new migration file a reason to rebuild: they are embedded by a macro that cargo cannot see into.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
