//! What was probably meant by a word that nobody knows.

/// More slips than this make another word.
const FARTHEST: usize = 3;
/// More known words than people choose from are not looked through, lest a file full of slips take minutes.
const MOST: usize = 1000;

/// The known word that is nearest, if it is near enough to be meant.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let folded = word.to_lowercase();
    // Upper and lower case are not what somebody got wrong.
    let far = |own: &str| distance(&folded, &own.to_lowercase());
    let (distance, found) = known.into_iter().take(MOST).map(|own| (far(own), own)).min()?;
    (distance <= found.len().div_ceil(3).min(FARTHEST)).then_some(found)
}

/// `; did you mean …?`, or nothing.
pub fn hint<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(word, known).map(|found| format!("; did you mean `{found}`?")).unwrap_or_default()
}

/// Edits between two words (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, left) in one.bytes().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, right) in other.bytes().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_put_right_and_another_word_is_not() {
        let known = ["apparel.tshirts", "apparel.trousers", "furniture.office"];
        assert_eq!(nearest("aparel.tshirt", known), Some("apparel.tshirts"));
        assert_eq!(nearest("Apparel.Trousers", known), Some("apparel.trousers"));
        assert_eq!(nearest("toys", known), None);
        assert_eq!(hint("shadows", ["enforce", "shadow"]), "; did you mean `shadow`?");
        assert_eq!(hint("", []), "");
    }
}
