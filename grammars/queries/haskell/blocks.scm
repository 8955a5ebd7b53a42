; SPDX-License-Identifier: MIT
[(function) (bind)] @function
[(class) (instance) (data_type) (newtype)] @class
[(do) (local_binds) (class_declarations) (instance_declarations) (alternatives)] @block
