//! The dialect as one sees it from outside: inputs in, effects out, put into words by [`talk`].

mod calls;
mod chaos;
mod control;
mod corpus;
mod dialling;
mod endings;
mod fixtures;
mod links;
mod live;
mod presence;
mod signin;
mod talk;
mod words;
