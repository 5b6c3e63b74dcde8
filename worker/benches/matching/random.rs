//! Numbers that look random and are the same on every machine.

/// A stream of numbers: `SplitMix64` (Steele, Lea and Flood, 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is at least 1.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        u32::try_from((u128::from(self.next()) * u128::from(bound)) >> 64).unwrap_or(0)
    }

    /// True `part` times out of `whole`.
    pub(crate) fn chance(&mut self, part: u32, whole: u32) -> bool {
        self.below(whole) < part
    }

    /// A value below `values`, where value `v` is chosen in proportion to `1 / (v + 1)` (Zipf's law).
    pub(crate) fn skewed(&mut self, values: u32) -> u32 {
        let share = |value: u32| 1_000_000 / (value + 1);
        let mut left = self.below((0..values).map(share).sum());
        for value in 0..values {
            if left < share(value) {
                return value;
            }
            left -= share(value);
        }
        0
    }
}
