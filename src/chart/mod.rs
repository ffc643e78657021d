//! Pictures: Gantt charts as SVG and PNG.
