//! Attacks on the API, each test named after its attack. What an attack must not do is said by the assertions; how the
//! same rules work for honest people is told elsewhere.

mod assignment;
mod floods;
mod injection;
mod shape;
mod tenants;
mod tokens;
