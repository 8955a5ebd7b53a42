; SPDX-License-Identifier: MIT
(function_definition) @function
(class_definition) @class
(block) @block
