//! What a person reads on the screen: the comparison and its verdict.
