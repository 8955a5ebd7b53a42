; SPDX-License-Identifier: MIT
[(function_declaration) (test_declaration)] @function
[(struct_declaration) (enum_declaration) (union_declaration) (opaque_declaration)] @struct
[(block) (initializer_list)] @block
