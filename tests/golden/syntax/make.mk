# Build.<|>
CC := gcc
FLAGS = -O2<|>

all: program

program: main.o
	$(CC) -o $@ $^<|>

define RULE
x: y
endef
