//! What is to be done, draw by draw.
