//! Programs in the making.

use super::op::{Instruction, Op, Pc};

/// No place.
const NOWHERE: Pc = Pc::NOWHERE;

/// Programs in the making: instructions, and labels that are placed before or after they are used.
#[derive(Default, Debug)]
pub struct Code {
    instructions: Vec<Instruction>,
    labels: Vec<Pc>,
    /// The leaf step that the next instructions belong to.
    pub step: u32,
}

/// A place in a program that may not be known yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Label(u32);

impl Label {
    /// The label as it stands in an instruction until the program is finished.
    pub const fn target(self) -> Pc {
        Pc(self.0)
    }
}

impl Code {
    /// A label that is still to be placed.
    ///
    /// # Panics
    /// When there are more than 2^32 of them.
    pub fn label(&mut self) -> Label {
        self.labels.push(NOWHERE);
        Label(u32::try_from(self.labels.len() - 1).expect("programs are bounded"))
    }

    /// Where the next instruction comes to stand.
    ///
    /// # Panics
    /// When there are more than 2^32 instructions.
    pub fn position(&self) -> Pc {
        Pc(u32::try_from(self.instructions.len()).expect("programs are bounded"))
    }

    /// Places a label before the next instruction.
    ///
    /// # Panics
    /// When it was placed before.
    pub fn place(&mut self, label: Label) {
        let here = self.position();
        let before = std::mem::replace(&mut self.labels[label.0 as usize], here);
        assert_eq!(before, NOWHERE, "a label is placed once");
    }

    /// A label at the next instruction.
    pub fn here(&mut self) -> Label {
        let label = self.label();
        self.place(label);
        label
    }

    /// Adds an instruction, whose targets are [`Label::target`]s.
    pub fn push(&mut self, op: Op) {
        let next = Pc(self.position().0 + 1);
        self.instructions.push(Instruction { op, next, step: self.step });
    }

    /// The finished programs, and where the given label ended up.
    ///
    /// # Panics
    /// When a label is used that was never placed.
    pub fn finish(self) -> (Vec<Instruction>, impl Fn(Label) -> Pc) {
        let Self { mut instructions, labels, .. } = self;
        let place = move |label: Pc| {
            let place = labels[label.0 as usize];
            assert_ne!(place, NOWHERE, "every label is placed");
            place
        };
        for instruction in &mut instructions {
            instruction.op.for_each_target(|target| *target = place(*target));
        }
        for at in 0..instructions.len() {
            let mut instruction = instructions[at];
            instruction.op.for_each_target(|target| *target = follow(&instructions, *target));
            instruction.next = follow(&instructions, instruction.next);
            instructions[at] = instruction;
        }
        (instructions, move |label: Label| place(label.target()))
    }
}

/// Where jumps lead from there: no program jumps in a circle.
fn follow(instructions: &[Instruction], mut at: Pc) -> Pc {
    while let Some(Instruction { op: Op::Jump(to), .. }) = instructions.get(at.0 as usize) {
        at = *to;
    }
    at
}

#[cfg(test)]
mod tests {
    use crate::ids::SemaphoreId;
    use crate::plan::{End, Ends, ForCoroutine, Thing, Wait};

    use super::*;

    const THING: Thing = Thing::Permit(SemaphoreId(0));

    #[test]
    fn the_ends_of_a_wait_lead_to_where_their_jumps_go() {
        let mut code = Code::default();
        let (done, again) = (code.label(), code.label());
        let start = code.here();
        code.push(Op::ServedRuns(THING));
        let ends = Ends::of(done.target(), again.target());
        code.push(Op::Suspend(Wait { on: ForCoroutine::Thing(THING), row: None, ends }));
        code.place(again);
        code.push(Op::Jump(start.target()));
        code.place(done);
        code.step = 1;
        code.push(Op::Exit);
        let (instructions, place) = code.finish();
        let Op::Suspend(wait) = instructions[1].op else { panic!("a wait stands there") };
        assert_eq!(wait.ends.after(End::Again), place(start));
        assert_eq!(wait.ends.after(End::Done), place(done));
        assert_eq!(instructions[3].step, 1);
    }
}
