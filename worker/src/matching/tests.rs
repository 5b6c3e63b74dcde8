//! Tests of the whole engine and of its parts against slow, obvious ones.

mod blossom;
mod faults;
mod instances;
mod optimum;
mod order;
mod proofs;
mod random;
mod reasons;
mod rows;
mod words;
