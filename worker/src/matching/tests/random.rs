//! A small random number generator, so that every failure can be repeated by its seed.

/// The `SplitMix64` sequence (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(super) fn below<T: TryFrom<u64>>(&mut self, end: u64) -> T {
        T::try_from(self.next() % end.max(1)).ok().expect("fits")
    }

    /// True in `part` of `whole` cases.
    pub(super) fn chance(&mut self, part: u64, whole: u64) -> bool {
        self.next() % whole < part
    }

    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            let end = u64::try_from(i + 1).expect("small");
            list.swap(i, self.below(end));
        }
    }
}
