//! Tests of the whole engine and of its parts against slow, obvious ones.

mod blossom;
mod crowd;
mod exhaustive;
mod families;
mod faults;
mod instances;
mod optimum;
mod order;
mod proofs;
mod random;
mod reasons;
mod reference;
mod relaxations;
mod robust;
mod rows;
mod solvers;
mod words;
