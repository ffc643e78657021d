//! What the verdict says of tasks that failed.

use super::cause::Finisher;
use super::words::{counted, list, one_line, range};

/// Who failed how many tasks; nothing where nobody failed any.
pub(super) fn told(finished: &[Finisher<'_>]) -> Option<String> {
    let failed = |(_, row): &Finisher<'_>| (row.counts.failed, row.tasks);
    let first = failed(finished.first()?);
    if finished.iter().all(|one| failed(one) == first) {
        let (failed, tasks) = first;
        let each = if finished.len() > 1 { " under each" } else { "" };
        let verb = if failed == 1 { "fails" } else { "fail" };
        return (failed > 0)
            .then(|| format!("{failed} of {} {verb}{each}.", counted(tasks, "task")));
    }
    let mut counts: Vec<(u64, u64)> = finished.iter().map(failed).collect();
    counts.sort_unstable();
    counts.dedup();
    let groups = counts.into_iter().map(|count| {
        let same = finished.iter().filter(|one| failed(one) == count);
        let labels: Vec<String> = same.map(|(run, _)| one_line(&run.label)).collect();
        let (failed, tasks) = count;
        let failed = if failed == 0 {
            "no task".to_owned()
        } else {
            format!("{failed} of {}", counted(tasks, "task"))
        };
        format!("{failed} under {}", list(&labels))
    });
    Some(format!("Failed: {}.", groups.collect::<Vec<_>>().join("; ")))
}

/// How many tasks fail, for a title: `645 to 646 of 820 tasks fail`.
pub(super) fn in_short(finished: &[Finisher<'_>]) -> Option<String> {
    let failed = || finished.iter().map(|(_, row)| row.counts.failed);
    let (least, most) = (failed().min()?, failed().max()?);
    let tasks = finished.iter().map(|(_, row)| row.tasks).max()?;
    let count = range(&least.to_string(), &most.to_string());
    let verb = if most == 1 { "fails" } else { "fail" };
    (most > 0).then(|| format!("{count} of {} {verb}", counted(tasks, "task")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::tool;
    use gilsim_core::model::Tool;
    use gilsim_core::sink::row::SummaryRow;
    use gilsim_core::sink::sample::result;

    #[test]
    fn who_fails_more_tasks_than_others_is_told() {
        let tools = [tool(Tool::Threading), tool(Tool::Asyncio), tool(Tool::ThreadPool)];
        let told_of = |failed: [u64; 3]| {
            let rows: Vec<SummaryRow> = failed
                .into_iter()
                .map(|failed| {
                    let mut row = result("", 10, &[]);
                    row.counts.failed = failed;
                    row
                })
                .collect();
            let finished: Vec<Finisher<'_>> = tools.iter().zip(&rows).collect();
            told(&finished)
        };
        assert_eq!(told_of([0, 0, 0]), None);
        assert_eq!(told_of([7, 7, 7]).unwrap(), "7 of 100 tasks fail under each.");
        let expected =
            "Failed: no task under asyncio; 7 of 100 tasks under threading and thread_pool.";
        assert_eq!(told_of([7, 0, 7]).unwrap(), expected);
    }

    #[test]
    fn a_title_says_how_many_fail_and_nothing_where_none_does() {
        let tools = [tool(Tool::Threading), tool(Tool::Asyncio)];
        let in_short_of = |failed: [u64; 2]| {
            let rows = failed.map(|failed| {
                let mut row = result("", 10, &[]);
                row.counts.failed = failed;
                row
            });
            let finished: Vec<Finisher<'_>> = tools.iter().zip(&rows).collect();
            in_short(&finished)
        };
        assert_eq!(in_short_of([0, 0]), None);
        assert_eq!(in_short_of([1, 1]).unwrap(), "1 of 100 tasks fails");
        assert_eq!(in_short_of([0, 7]).unwrap(), "0 to 7 of 100 tasks fail");
    }
}
