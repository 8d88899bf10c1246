//! What lifts a no, and what it leaves dead.

use super::check;

#[test]
fn only_a_younger_yes_revives_what_was_withdrawn() {
    let no = ("2026-02-01", "withdrawal");
    check("se", &[no, ("2026-03-01", "double apparel")], "marketing apparel", "deliver double_opt_in");
    check("se", &[no, ("2026-03-01", "double apparel")], "marketing furniture.office", "refuse withdrawn");
    check("se", &[no, ("2026-03-01", "double apparel.tshirts")], "marketing apparel", "refuse withdrawn");
    check("se", &[no, ("2026-03-01", "purchase apparel.tshirts")], "marketing apparel", "refuse withdrawn");
    check("us", &[no, ("2026-03-01", "purchase apparel.tshirts")], "marketing apparel", "refuse withdrawn");
    check("se", &[no, ("2026-03-01", "signup apparel")], "marketing apparel", "refuse withdrawn");
    check("ca", &[no, ("2026-03-01", "single apparel")], "marketing apparel", "deliver single_opt_in");
}

#[test]
fn i5_only_a_yes_that_is_a_ground_there_lifts_a_no() {
    let (no, form) = (("2026-02-01", "withdrawal"), ("2026-03-01", "single apparel"));
    let bought = ("2026-04-01", "purchase apparel.tshirts");
    // Where a yes must be confirmed, whoever fills in the form may be anybody.
    check("se", &[no, form], "marketing apparel", "refuse withdrawn");
    check(
        "se",
        &[no, ("2026-02-15", "purchase apparel.tshirts"), form],
        "marketing apparel",
        "refuse withdrawn",
    );
    check("se", &[no, form, bought], "marketing apparel.trousers", "refuse withdrawn");
    let confirmed = [no, form, ("2026-03-02", "double apparel"), bought];
    check("se", &confirmed, "marketing apparel.trousers", "deliver double_opt_in");
    // Where one yes suffices, or none is asked for, it lifts.
    check("ca", &[no, form], "marketing apparel", "deliver single_opt_in");
    check("us", &[no, form], "marketing apparel", "deliver no_objection");
}

#[test]
fn i5_what_a_no_has_beaten_stays_dead_even_when_a_yes_lifts_the_no() {
    let before = [("2026-01-01", "double apparel"), ("2026-01-02", "purchase apparel.tshirts")];
    let lifted =
        [before[0], before[1], ("2026-02-01", "withdrawal apparel"), ("2026-03-01", "double apparel")];
    check("se", &lifted, "marketing apparel", "deliver double_opt_in");
    let left = [&lifted[..], &[("2026-04-01", "withdrawal apparel.trousers")]].concat();
    check("se", &left, "marketing apparel.trousers", "refuse withdrawn");
}

#[test]
fn an_undone_withdrawal_restores_the_old_ground() {
    let facts = [
        ("2026-01-01", "purchase apparel.tshirts"),
        ("2026-02-01", "withdrawal"),
        ("2026-02-01T11:00:00Z", "undone 2"),
    ];
    check("se", &facts, "marketing apparel", "deliver soft_opt_in");
}
