//! Files that import each other in a loop.

use std::collections::BTreeSet;

use crate::imports::Imports;

/// Every group of files in which each reaches every other.
#[must_use]
pub fn circles(imports: &Imports) -> Vec<BTreeSet<usize>> {
    let reached: Vec<BTreeSet<usize>> = imports.keys().map(|from| reach(imports, *from)).collect();
    let mut circles: Vec<BTreeSet<usize>> = Vec::new();
    for (from, there) in reached.iter().enumerate() {
        let circle: BTreeSet<usize> = there.iter().copied().filter(|to| reached[*to].contains(&from)).collect();
        if circle.len() > 1 && !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    circles
}

fn reach(imports: &Imports, from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        open.extend(imports.get(&next).into_iter().flatten().copied().filter(|to| reached.insert(*to)));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_of_three_is_one_circle_and_a_chain_is_none() {
        let imports = |edges: &[(usize, usize)]| {
            let mut found: Imports = (0..4).map(|n| (n, BTreeSet::new())).collect();
            edges.iter().for_each(|(from, to)| {
                found.entry(*from).or_default().insert(*to);
            });
            found
        };
        assert_eq!(circles(&imports(&[(0, 1), (1, 2), (2, 0), (3, 0)])), [BTreeSet::from([0, 1, 2])]);
        assert!(circles(&imports(&[(0, 1), (1, 2), (0, 2), (2, 3)])).is_empty());
    }
}
