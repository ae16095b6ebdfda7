//! Delta debugging: the part of a list without any element of which a failure is gone.
//!
//! The algorithm is `ddmin` of Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing
//! Input", IEEE Transactions on Software Engineering 28(2), 2002, section 3.2.

/// Leaves out elements as long as `first` finds that what remains still fails. It is handed lists
/// in their order of preference and says which is the first that fails.
///
/// If `first` answers alike for like lists, the result is 1-minimal: it fails, and with any one
/// element less it does not. (The list itself is taken to fail.)
pub(super) fn minimise<T: Clone>(
    mut items: Vec<T>,
    first: &mut dyn FnMut(&[Vec<T>]) -> Option<usize>,
) -> Vec<T> {
    if items.is_empty() || first(&[Vec::new()]).is_some() {
        return Vec::new();
    }
    let mut parts = 2;
    while items.len() >= 2 {
        parts = parts.min(items.len());
        let subsets: Vec<Vec<T>> =
            (0..parts).map(|part| items[bounds(items.len(), parts, part)].to_vec()).collect();
        let without = |part: usize| {
            let others = subsets.iter().enumerate().filter(move |(other, _)| *other != part);
            others.flat_map(|(_, subset)| subset.clone()).collect()
        };
        // Of two halves, each is what the other leaves.
        let complements: Vec<Vec<T>> = (0..parts).filter(|_| parts > 2).map(without).collect();
        let candidates = [subsets.clone(), complements].concat();
        match first(&candidates) {
            Some(found) => {
                parts = if found < subsets.len() { 2 } else { (parts - 1).max(2) };
                items.clone_from(&candidates[found]);
            }
            None if parts == items.len() => break,
            None => parts *= 2,
        }
    }
    items
}

/// Where part `part` of `parts` lies in a list of this length; sizes differ by one at most.
const fn bounds(length: usize, parts: usize, part: usize) -> std::ops::Range<usize> {
    length * part / parts..length * (part + 1) / parts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of `0..length` if exactly the lists that `fails` accepts fail.
    fn left(length: u32, fails: impl Fn(&[u32]) -> bool) -> (Vec<u32>, usize) {
        let mut tried = 0;
        let left = minimise((0..length).collect(), &mut |lists| {
            let found = lists.iter().position(|list| fails(list));
            tried += found.map_or(lists.len(), |found| found + 1);
            found
        });
        (left, tried)
    }

    #[test]
    fn what_fails_by_itself_is_found_alone_and_in_order() {
        for needed in [vec![], vec![7], vec![0, 99], vec![3, 50, 51], vec![1, 20, 40, 60, 80]] {
            let fails = |list: &[u32]| needed.iter().all(|item| list.contains(item));
            let (found, tried) = left(100, fails);
            assert_eq!(found, needed);
            assert!(tried < 300, "{needed:?} took {tried} tries");
        }
    }

    #[test]
    fn nothing_that_is_left_can_be_left_out() {
        // Failures that are not monotone: of the multiples of seven an odd number, and some even.
        let fails = |list: &[u32]| {
            let sevens = list.iter().filter(|item| **item % 7 == 0).count();
            sevens % 2 == 1 && list.iter().filter(|item| **item % 2 == 0).count() >= 3
        };
        for length in [15, 31, 43, 57] {
            assert!(fails(&(0..length).collect::<Vec<_>>()), "{length} is a bad example");
            let (found, _) = left(length, fails);
            assert!(fails(&found), "{found:?}");
            for out in 0..found.len() {
                let mut less = found.clone();
                less.remove(out);
                assert!(!fails(&less), "{found:?} fails without {}", found[out]);
            }
        }
    }

    #[test]
    fn the_first_that_fails_is_preferred() {
        let (found, _) = left(8, |list| !list.is_empty());
        assert_eq!(found, [0]);
    }
}
