//! The use-cases: what can be done, whichever door it came through.
