//! What the plugin keeps: one small file in the tenant's data folder.

use std::fs;
use std::io;
use std::path::Path;

const FILE: &str = "totals.txt";

/// Prepares the data folder; doing it again changes nothing.
pub fn migrate(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let file = folder.join(FILE);
    if !file.exists() {
        fs::write(file, "0")?;
    }
    Ok(())
}

/// Adds to the number of words ever counted and gives the new one.
pub fn add(folder: &Path, words: usize) -> io::Result<u64> {
    let file = folder.join(FILE);
    let before: u64 = fs::read_to_string(&file)?.trim().parse().unwrap_or(0);
    let total = before + words as u64;
    // Written beside and renamed: a crash leaves the old number, never half of one.
    let part = folder.join("totals.part");
    fs::write(&part, total.to_string())?;
    fs::rename(part, file)?;
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_survive_and_migrating_twice_is_harmless() {
        let folder = std::env::temp_dir().join(format!("totals-{}", std::process::id()));
        migrate(&folder).unwrap();
        assert_eq!(add(&folder, 2).unwrap(), 2);
        migrate(&folder).unwrap();
        assert_eq!(add(&folder, 3).unwrap(), 5);
        fs::remove_dir_all(folder).unwrap();
    }
}
