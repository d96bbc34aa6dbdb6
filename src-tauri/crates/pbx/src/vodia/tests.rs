//! The dialect as one sees it from outside: inputs in, effects out, put into words by [`talk`].

mod calls;
mod chaos;
mod control;
mod corpus;
mod dialling;
mod elsewhere;
mod endings;
mod fixtures;
mod handovers;
mod holds;
mod keys;
mod legs;
mod life;
mod links;
mod live;
mod paths;
mod presence;
mod requests;
mod same_number;
mod shown;
mod signin;
mod talk;
mod words;
