; inherits: ecma
; SPDX-License-Identifier: MIT
[(interface_declaration) (abstract_class_declaration) (enum_declaration) (internal_module) (module)] @class
[(interface_body) (enum_body) (object_type)] @block
(class_static_block) @function
