-- One database per server: they never share one.
CREATE DATABASE market;
CREATE DATABASE core;
