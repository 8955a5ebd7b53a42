; SPDX-License-Identifier: MIT
[(method) (singleton_method) (lambda)] @function
[(class) (module) (singleton_class)] @class
[(body_statement) (block_body) (do_block) (block) (then) (begin) (do)] @block
