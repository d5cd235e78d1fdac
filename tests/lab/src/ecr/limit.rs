//! How many calls ECR takes: a bucket that holds a second's worth and is filled steadily
//! (<https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors.html#error-429-too-many-requests>).

use std::time::Instant;

/// What is left of a limit.
#[derive(Debug)]
pub(super) struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    pub fn full(per_second: u32, now: Instant) -> Self {
        Self { left: f64::from(per_second), at: now }
    }

    /// Takes one call, where there is room for it.
    pub fn take(&mut self, per_second: u32, now: Instant) -> bool {
        let per_second = f64::from(per_second);
        self.left = (self.left + now.duration_since(self.at).as_secs_f64() * per_second).min(per_second);
        self.at = now;
        let has_room = self.left >= 1.0;
        if has_room {
            self.left -= 1.0;
        }
        has_room
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_second_has_room_for_so_many_and_what_is_refused_takes_none() {
        let began = Instant::now();
        let mut bucket = Bucket::full(20, began);
        let taken = |bucket: &mut Bucket, at| (0..50).filter(|_| bucket.take(20, at)).count();
        assert_eq!(taken(&mut bucket, began), 20);
        assert_eq!(taken(&mut bucket, began + Duration::from_millis(500)), 10);
    }
}
