//! Published round-trip times between the regions of clouds, for scenarios that name theirs alike.

use crate::time::Duration;

/// A published table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Table {
    /// Its name in scenarios.
    pub name: &'static str,
    /// Who published it, and when it was measured.
    pub source: &'static str,
    /// The regions, in the order of the rows.
    pub regions: &'static [&'static str],
    /// Round-trip times in milliseconds: row `i` from region `i` to each region before it.
    millis: &'static [&'static [u16]],
}

impl Table {
    /// Whether the table has a region of this name.
    pub fn knows(&self, region: &str) -> bool {
        self.regions.contains(&region)
    }

    /// The round-trip time between two regions, if the table has both and they differ.
    pub fn round_trip(&self, one: &str, other: &str) -> Option<Duration> {
        let place = |name: &str| self.regions.iter().position(|region| *region == name);
        let (one, other) = (place(one)?, place(other)?);
        let millis = self.millis[one.max(other)].get(one.min(other))?;
        Some(Duration::from_millis(u64::from(*millis)))
    }
}

/// The table of this name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

/// All tables.
pub const TABLES: &[Table] = &[IBM_CLOUD];

/// Averages over 30 days in whole milliseconds. They are published per direction, from row to
/// column; where the two differ (by at most 3 ms) this is the one from the region further down.
/// That they are round trips shows in the distances: light in fibre needs some 37 ms from Dallas to
/// London, and 113 ms are published.
const IBM_CLOUD: Table = Table {
    name: "ibm-cloud",
    source: "IBM Cloud docs, VPC network latency, table of 27 July to 25 August 2024 \
             (github.com/ibm-cloud-docs/vpc, _include-segments/network-latency.md)",
    regions: &[
        "dallas",
        "toronto",
        "washington",
        "frankfurt",
        "london",
        "madrid",
        "osaka",
        "sydney",
        "tokyo",
        "sao-paulo",
    ],
    millis: &[
        &[],
        &[34],
        &[31, 19],
        &[123, 93, 91],
        &[113, 83, 75, 13],
        &[122, 106, 88, 29, 27],
        &[150, 169, 172, 231, 243, 257],
        &[186, 214, 214, 249, 261, 275, 122],
        &[143, 162, 166, 233, 244, 256, 9, 115],
        &[144, 128, 119, 196, 187, 208, 291, 328, 283],
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_a_whole_triangle_and_the_same_both_ways() {
        for table in TABLES {
            assert_eq!(table.millis.len(), table.regions.len(), "{}", table.name);
            for (row, times) in table.millis.iter().enumerate() {
                assert_eq!(times.len(), row, "{}: {}", table.name, table.regions[row]);
            }
            for one in table.regions {
                assert_eq!(table.round_trip(one, one), None);
                for other in table.regions.iter().filter(|other| *other != one) {
                    let there = table.round_trip(one, other);
                    assert_eq!(there, table.round_trip(other, one));
                    assert!(there.is_some_and(|time| !time.is_zero()), "{one} to {other}");
                }
            }
        }
    }

    #[test]
    fn the_published_figures_are_found_by_name() {
        let ms = Duration::from_millis;
        assert_eq!(IBM_CLOUD.round_trip("dallas", "london"), Some(ms(113)));
        assert_eq!(IBM_CLOUD.round_trip("tokyo", "osaka"), Some(ms(9)));
        assert_eq!(IBM_CLOUD.round_trip("sao-paulo", "sydney"), Some(ms(328)));
        assert_eq!(IBM_CLOUD.round_trip("dallas", "paris"), None);
        assert_eq!(table("ibm-cloud"), Some(&IBM_CLOUD));
    }
}
