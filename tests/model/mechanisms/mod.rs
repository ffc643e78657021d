//! What real CPython was measured to do, and what is easily got wrong about it.

mod checklist;
mod cold;
mod edges;
mod growth;
mod locks;
mod measured;
mod moving;
mod placement;
