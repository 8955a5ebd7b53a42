; SPDX-License-Identifier: MIT
[(function_declaration) (secondary_constructor) (anonymous_function) (lambda_literal) (anonymous_initializer)] @function
[(class_declaration) (object_declaration) (companion_object) (object_literal)] @class
[(block) (class_body) (enum_class_body)] @block
