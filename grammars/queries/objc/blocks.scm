; inherits: c
; SPDX-License-Identifier: MIT
(method_definition) @function
[(class_interface) (class_implementation) (protocol_declaration)] @class
(block_literal) @function
