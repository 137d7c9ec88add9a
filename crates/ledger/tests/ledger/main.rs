//! Tests of the public surface, one binary.

#[cfg(test)]
mod canonical;
#[cfg(test)]
mod checkpoint;
#[cfg(test)]
mod decoders;
#[cfg(test)]
mod envelope;
#[cfg(test)]
mod naive_tree;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod seal;
#[cfg(test)]
mod series;
#[cfg(test)]
mod territory;
#[cfg(test)]
mod tree;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod verify;
