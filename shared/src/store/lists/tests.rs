//! Pages, without a database.

use sea_orm::sea_query::Order;

use super::Stretch;

fn stretch(from_end: bool) -> Stretch<()> {
    Stretch { from_end, ..Stretch::latest((), 2) }
}

#[test]
fn one_more_than_asked_for_tells_of_the_next_page_and_is_not_shown() {
    let page = stretch(false).page(vec![9, 8, 7]);
    assert_eq!((page.items, page.has_previous, page.has_next), (vec![9, 8], false, true));
    let page = stretch(false).page(vec![9, 8]);
    assert_eq!((page.items, page.has_previous, page.has_next), (vec![9, 8], false, false));
}

#[test]
fn a_page_from_the_end_is_read_backwards_and_shown_forwards() {
    assert_eq!(stretch(false).reading_order(), Order::Desc);
    assert_eq!(stretch(true).reading_order(), Order::Asc);
    let page = stretch(true).page(vec![1, 2, 3]);
    assert_eq!((page.items, page.has_previous, page.has_next), (vec![2, 1], true, false));
}
