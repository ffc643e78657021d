//! Parts of a study on several threads. Without the feature `rayon` they are done one after the other.
//!
//! Results are in the order of the items, so they do not depend on the number of threads.

#[cfg(feature = "rayon")]
use rayon::prelude::*;

/// Does some work. Its parts are done on `jobs` threads.
///
/// # Errors
/// In a sentence, when the system does not give the threads.
pub fn on<R: Send>(jobs: usize, work: impl FnOnce() -> R + Send) -> Result<R, String> {
    #[cfg(feature = "rayon")]
    {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
        Ok(pool.map_err(|error| error.to_string())?.install(work))
    }
    #[cfg(not(feature = "rayon"))]
    {
        let _ = jobs;
        Ok(work())
    }
}

/// What each item becomes.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], one: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    #[cfg(feature = "rayon")]
    return items.par_iter().with_max_len(1).map(one).collect();
    #[cfg(not(feature = "rayon"))]
    return items.iter().map(one).collect();
}

/// What each item becomes, or the error of one of them. No item is begun after an error.
pub(crate) fn try_map<T: Sync, R: Send, E: Send>(
    items: &[T],
    one: impl Fn(&T) -> Result<R, E> + Sync + Send,
) -> Result<Vec<R>, E> {
    #[cfg(feature = "rayon")]
    return items.par_iter().with_max_len(1).map(one).collect();
    #[cfg(not(feature = "rayon"))]
    return items.iter().map(one).collect();
}

/// What is found for the lowest number below `end` for which anything is found.
pub(crate) fn first<R: Send>(end: u32, find: impl Fn(u32) -> Option<R> + Sync + Send) -> Option<R> {
    #[cfg(feature = "rayon")]
    return (0..end).into_par_iter().with_max_len(1).find_map_first(find);
    #[cfg(not(feature = "rayon"))]
    return (0..end).find_map(find);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<u32> = (0..100).collect();
        let doubled = on(3, || map(&items, |item| 2 * item));
        assert_eq!(doubled, Ok((0..100).map(|item| 2 * item).collect()));
        let odd = try_map(&items, |item| if *item == 51 { Err(*item) } else { Ok(()) });
        assert_eq!(odd, Err(51));
    }

    #[test]
    fn what_is_found_is_that_of_the_lowest_number() {
        let found = on(3, || first(1_000, |number| (number % 7 == 6).then_some(number)));
        assert_eq!(found, Ok(Some(6)));
        assert_eq!(first(5, |_| None::<()>), None);
    }
}
